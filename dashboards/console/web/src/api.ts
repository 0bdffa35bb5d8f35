// What the pages ask the server for once, and what people send it.
export interface Me {
  name: string | null;
  role: "viewer" | "operator" | null;
  login: boolean;
}

export const me = async (): Promise<Me> => (await fetch("/api/me")).json() as Promise<Me>;

/** Send what a person decided; the error's text where it is refused. */
export async function post(path: string, body: unknown): Promise<string | null> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-pulsewatch": "1" },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return null;
  const told = (await answer?.json().catch(() => null)) as { error?: string } | null;
  return told?.error ?? String(answer?.status ?? "offline");
}

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
  const told: unknown = await answer?.json().catch(() => null);
  if (answer?.ok) return { value: told as Value };
  return { error: (told as { error?: string } | null)?.error ?? String(answer?.status ?? "offline") };
}
