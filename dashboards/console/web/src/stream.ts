// A page's panels, live: what the server sent last, and how fresh it is.
import { useEffect, useState } from "preact/hooks";
import { me } from "./api";

const STALE_MS = 8_000;
const RETRY_MS = 1_500;

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
      const { now_ms, trouble } = JSON.parse((event as MessageEvent<string>).data) as { now_ms: number; trouble: string };
      update((before) => ({ ...before, trouble, lastSeenMs: now_ms, freshness: trouble ? "error" : "live" }));
    });
    source.onerror = () => {
      update((before) => ({ ...before, freshness: before.lastSeenMs ? "stale" : "error", trouble: "" }));
      if (source?.readyState === EventSource.CLOSED) {
        void sendToLogin();
        clearTimeout(retry);
        retry = window.setTimeout(connect, RETRY_MS);
      }
    };
  };
  const watch = window.setInterval(() => {
    if (performance.now() - lastSeenAt > STALE_MS) {
      update((before) => ({ ...before, freshness: before.lastSeenMs ? "stale" : "error", trouble: "" }));
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
