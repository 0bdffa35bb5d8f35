// A page's panels, live: what the server sent last, and how fresh it is.
import { useEffect, useState } from "preact/hooks";
import { me, type Problem } from "./api";
import { reason } from "./i18n";

const STALE_MS = 8_000;
const RETRY_MS = 1_500;
/** How often figures are asked for where too many pages are open for a stream. */
const ASK_MS = 4_000;

export type Freshness = "loading" | "live" | "stale" | "error";

export interface Live<Panels> {
  panels: Partial<Panels>;
  freshness: Freshness;
  /** Why it cannot be read; empty where the console itself does not answer. */
  trouble: string;
  /** The server's clock at its last sign of life. */
  lastSeenMs: number;
}

export function useLive<Panels>(page: string, id = ""): Live<Panels> {
  const [live, setLive] = useState<Live<Panels>>({ panels: {}, freshness: "loading", trouble: "", lastSeenMs: 0 });
  useEffect(() => follow<Panels>(address(page, id), setLive), [page, id]);
  return live;
}

export const address = (page: string, id: string): string =>
  `/api/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;

/** The server's clock, when it last read the page (0: not yet), and why it cannot. */
interface Beat {
  now_ms: number;
  read_ms: number;
  trouble: Problem | null;
}

/** Live are figures that were read, not a connection that stands. */
function freshnessOf({ now_ms, read_ms, trouble }: Beat): Pick<Live<unknown>, "freshness" | "trouble" | "lastSeenMs"> {
  if (trouble) return { freshness: "error", trouble: reason(trouble), lastSeenMs: read_ms };
  if (!read_ms) return { freshness: "loading", trouble: "", lastSeenMs: 0 };
  const stale = now_ms - read_ms > STALE_MS;
  return { freshness: stale ? "stale" : "live", trouble: "", lastSeenMs: stale ? read_ms : now_ms };
}

type Update<Panels> = (change: (before: Live<Panels>) => Live<Panels>) => void;

/** Follow until the returned function is called. A connection that ends, or is silent, is made anew. */
function follow<Panels>(url: string, update: Update<Panels>): () => void {
  let source: EventSource | undefined;
  let lastSeenAt = performance.now();
  let retry: number | undefined;

  const connect = (): void => {
    source?.close();
    lastSeenAt = performance.now();
    source = new EventSource(`${url}?live`);
    source.addEventListener("panels", (event) => {
      const fresh = JSON.parse((event as MessageEvent<string>).data) as Partial<Panels>;
      update((before) => ({ ...before, panels: { ...before.panels, ...fresh } }));
    });
    source.addEventListener("beat", (event) => {
      lastSeenAt = performance.now();
      const beat = JSON.parse((event as MessageEvent<string>).data) as Beat;
      update((before) => ({ ...before, ...freshnessOf(beat) }));
    });
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) void ask();
      else lost();
    };
  };
  /** Of a stream that is refused: why, and the figures as they are now. */
  const ask = async (): Promise<void> => {
    const answer = await fetch(url).catch(() => null);
    const told: unknown = await answer?.json().catch(() => null);
    if (answer?.ok) {
      const nowMs = Date.parse(answer.headers.get("date") ?? "") || Date.now();
      update((before) => ({ panels: { ...before.panels, ...(told as Partial<Panels>) }, freshness: "live", trouble: "", lastSeenMs: nowMs }));
    } else if (answer?.status === 401) void sendToLogin();
    else lost(reason((told ?? {}) as Problem));
    clearTimeout(retry);
    retry = window.setTimeout(connect, answer?.ok ? ASK_MS : RETRY_MS);
  };
  const lost = (trouble = ""): void =>
    update((before) => ({ ...before, freshness: before.lastSeenMs && !trouble ? "stale" : "error", trouble }));
  const watch = window.setInterval(() => {
    if (performance.now() - lastSeenAt > STALE_MS) {
      lost();
      connect();
    }
  }, 1_000);
  connect();
  return () => {
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}

/** A stream that is refused may want a token. */
async function sendToLogin(): Promise<void> {
  const who = await me().catch(() => null);
  if (who?.login && !who.name && location.pathname !== "/login") {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  }
}
