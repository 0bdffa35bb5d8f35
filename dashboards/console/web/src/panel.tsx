// A panel in each of its states: loading, ready, empty, stale, error.
import { createContext, type ComponentChildren, type JSX } from "preact";
import { useContext, useEffect, useId, useRef, useState } from "preact/hooks";
import { second } from "./format";
import { t, type Word } from "./i18n";
import type { Live } from "./stream";

export const Freshness = createContext<Live<unknown>>({ panels: {}, freshness: "loading", trouble: "", lastSeenMs: 0 });

interface Props<Data> {
  name: string;
  title: string;
  data: Data | undefined;
  isEmpty?: (data: Data) => boolean;
  empty?: Word;
  aside?: ComponentChildren;
  wide?: boolean;
  children: (data: Data) => ComponentChildren;
}

export function Panel<Data>(props: Props<Data>): JSX.Element {
  const { freshness, trouble, lastSeenMs } = useContext(Freshness);
  const heading = useId();
  const isEmpty = props.data !== undefined && (props.isEmpty?.(props.data) ?? false);
  const state = freshness === "live" || freshness === "loading"
    ? props.data === undefined ? "loading" : isEmpty ? "empty" : "ready"
    : props.data === undefined ? "error" : "stale";
  return (
    <section
      class={`panel${props.wide ? " wide" : ""}`} aria-labelledby={heading} aria-busy={state === "loading"}
      data-panel={props.name} data-state={state}
    >
      <header>
        <h2 id={heading}>{props.title}</h2>
        {props.aside !== undefined && <div class="aside">{props.aside}</div>}
      </header>
      {state === "stale" && <p class="state" role="status">{t("staleSince", { time: second(lastSeenMs) })}</p>}
      {state === "loading" && <p class="state" role="status"><span class="skeleton" />{t("loading")}</p>}
      {state === "error" && <p class="state" role="alert">{t("failed")}: {trouble || t("away")}</p>}
      {props.data !== undefined && (isEmpty
        ? <p class="state empty">{t(props.empty ?? "nothingYet")}</p>
        : <Body label={props.title}>{props.children(props.data)}</Body>)}
    </section>
  );
}

/** What a panel holds. Where it is wider than the panel it says so, and the keyboard reaches it. */
function Body({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [wider, setWider] = useState(false);
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const look = (): void => setWider(host.scrollWidth > host.clientWidth + 1);
    const sized = new ResizeObserver(look);
    sized.observe(host);
    for (const child of host.children) sized.observe(child);
    look();
    return () => sized.disconnect();
  });
  return (
    <>
      <div ref={box} class="body" data-wider={wider} {...(wider ? { tabIndex: 0, role: "region", "aria-label": label } : {})}>{children}</div>
      {wider && <p class="basis more" aria-hidden="true">{t("moreBeside")} →</p>}
    </>
  );
}
