// What the pages ask the server for once, and what people send it.
import { reason, t } from "./i18n";

export interface Me {
  name: string | null;
  role: "viewer" | "operator" | null;
  login: boolean;
}

export const me = async (): Promise<Me> => (await fetch("/api/me")).json() as Promise<Me>;

/** Why something was not done: in English, and by a name that pages have a sentence for. */
export interface Problem {
  error?: string;
  why?: string;
  facts?: Readonly<Record<string, unknown>>;
}

/** Send what a person decided; why it is refused, in the reader's language, or null. */
export const post = async (path: string, body: unknown): Promise<string | null> => (await ask(path, body)).error ?? null;

/** What a question was answered, or why it was not. */
export interface Answer<Value> {
  value?: Value;
  error?: string;
}

/** Ask what needs a body. */
export async function ask<Value>(path: string, body: unknown): Promise<Answer<Value>> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-pulsewatch": "1" },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (!answer) return { error: t("away") };
  const told: unknown = await answer.json().catch(() => null);
  if (answer.ok) return { value: told as Value };
  return { error: reason((told ?? {}) as Problem) || t("notDone", { status: answer.status }) };
}
