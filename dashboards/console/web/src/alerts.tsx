// Alerts as lines: what, where, since when; severity and state in words beside their colour.
import type { ComponentChildren, JSX } from "preact";
import { useContext } from "preact/hooks";
import { BrandName } from "./brand_names";
import { ago, decimal, percent, plain, when, whole } from "./format";
import { named, t, type Word } from "./i18n";
import { Freshness } from "./panel";
import type { AlertSummary, Decision } from "./types";

export const Severity = ({ of }: { of: AlertSummary["severity"] }): JSX.Element => (
  <span class="badge" data-severity={of}>{t(of)}</span>
);

/** Whether it is over for people although its figures still say that it goes on: somebody called it a false alarm. */
export const isOver = (state: AlertSummary["state"], decision: Decision | null | undefined): boolean =>
  state === "firing" && decision?.verdict === "false_alarm";

export function State({ of, decision }: { of: AlertSummary["state"]; decision?: Decision | null | undefined }): JSX.Element {
  return isOver(of, decision) ? <span class="badge" data-state="resolved">{t("over")}</span> : <span class="badge" data-state={of}>{t(of)}</span>;
}

/** A text from outside: isolated, so that its direction does not reach its neighbours. */
export const Plain = ({ children }: { children: string }): JSX.Element => <bdi class="said" dir="auto">{plain(children)}</bdi>;

export function kindOf(notice: Pick<AlertSummary, "kind" | "family">): string {
  const words = notice.family ? [named(notice.kind), named(notice.family)] : [named(notice.kind)];
  return [...new Set(words)].join(" · ");
}

/** A moment with its date where that is not today, and how long ago it was. */
export function Moment({ ms }: { ms: number }): JSX.Element {
  const { lastSeenMs } = useContext(Freshness);
  return <time dateTime={new Date(ms).toISOString()} title={whole(ms)}>{when(ms)} · {ago(ms, lastSeenMs || Date.now())}</time>;
}

export const Decided = ({ by }: { by: Decision }): JSX.Element => (
  <span class="badge decided" data-decided={by.verdict}>{t(by.verdict)} {t("by", { name: plain(by.author) })}</span>
);

type Judged = Pick<AlertSummary, "kind" | "observed" | "baseline"> & Partial<Pick<AlertSummary, "source" | "present" | "state">>;

/** The figure that a kind is judged by, with the word for it. */
const KEY_FIGURES: [string, Word][] = [
  ["texts", "texts_unit"], ["viewers", "viewers_unit"], ["quiet_minutes", "quiet_unit"], ["findings", "findings_unit"],
  ["undisclosed_minutes", "undisclosed_unit"],
];

/** How bad it is, in the figures that its kind is judged by: at its height, and now. */
export function figuresOf({ kind, observed, baseline, source, present = {}, state }: Judged): ComponentChildren {
  if (kind === "fake_traffic") return fakeShare(observed, baseline);
  const [shown, unit] = KEY_FIGURES.find(([name]) => name in observed) ?? [];
  if (shown === undefined || unit === undefined) return null;
  const [height, usual, now] = [observed[shown], baseline[shown], present[shown]];
  return (
    <>
      {source && <><Plain>{source}</Plain>{" "}</>}
      {decimal(height)} {t(unit, { n: decimal(height) })}
      {usual !== undefined && usual > 0 && <> ({t("usual")} {decimal(usual)})</>}
      {state === "firing" && now !== undefined && now !== height && <> · {t("now")} {present.texts_per_minute === undefined
        ? decimal(now) : `${decimal(present.texts_per_minute)} ${t("perMinute")}`}</>}
    </>
  );
}

/** That it is calm again, and when it is over if it stays so; nothing while it is not. */
export function Calm({ sinceMs, resolvesMs }: { sinceMs: number | null | undefined; resolvesMs: number | null | undefined }): JSX.Element | null {
  if (!sinceMs) return null;
  return <span data-figure="calm">{t("calmSince", { time: when(sinceMs) })}{resolvesMs ? `, ${t("resolvesAt", { time: when(resolvesMs) })}` : ""}</span>;
}

/** The figure with the largest inauthentic share. */
function fakeShare(observed: AlertSummary["observed"], baseline: AlertSummary["baseline"]): ComponentChildren {
  const shares = Object.keys(baseline)
    .filter((name) => baseline[name] > 0)
    .map((name) => ({ name, share: (observed[`fake_${name}`] ?? 0) / baseline[name] }));
  const [worst] = shares.sort((a, b) => b.share - a.share);
  return worst ? <>{named(worst.name)}: {percent(worst.share)} {t("fake")}</> : null;
}

/** The alerts of one room (or of a brand, where there is no room) in one card, in the order in which they came. */
function cards(notices: AlertSummary[]): AlertSummary[][] {
  const places = new Map<string, AlertSummary[]>();
  for (const one of notices) {
    const place = one.state === "firing" ? JSON.stringify([one.brand_id, one.room_id]) : one.fingerprint;
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  return [...places.values()];
}

export function AlertCards({ notices }: { notices: AlertSummary[] }): JSX.Element {
  return (
    <div class="cards">
      {cards(notices).map((together) => {
        const first = together[0]!;
        return (
          <section class="card" key={first.fingerprint} aria-label={`${plain(first.brand_id)} ${plain(first.room_id)}`} data-card={first.room_id || first.brand_id}>
            <p class="place">
              <a href={`/brand/${encodeURIComponent(first.brand_id)}`}><BrandName id={first.brand_id} /></a>
              {first.room_id && <> · <a href={`/room/${encodeURIComponent(first.room_id)}`}><Plain>{first.room_id}</Plain></a></>}
            </p>
            <AlertList notices={together} placed={false} />
          </section>
        );
      })}
    </div>
  );
}

export function AlertList({ notices, placed = true }: { notices: AlertSummary[]; placed?: boolean }): JSX.Element {
  return (
    <ul class="notices">
      {notices.map((one) => {
        const figures = figuresOf(one);
        return (
          <li key={one.fingerprint} data-state={one.state} data-severity={one.severity} data-kind={one.kind} data-decision={one.decision?.verdict}>
            <a href={`/alert/${one.fingerprint}`}>
              <span class="line">
                <Severity of={one.severity} /> <strong>{kindOf(one)}</strong>
                {one.decision && <Decided by={one.decision} />}
                <Moment ms={one.started_ms} /> <State of={one.state} decision={one.decision} />
              </span>
              <span class="detail">
                {placed && <><BrandName id={one.brand_id} />{one.room_id && <> · <Plain>{one.room_id}</Plain></>}</>}
                {placed && figures && " · "}
                {figures}
                {one.matched && <>{(placed || figures) && " · "}“<Plain>{one.matched}</Plain>” · {plain(one.article)}</>}
                {one.state === "firing" && !isOver(one.state, one.decision) && one.calm_since_ms && <> · <Calm sinceMs={one.calm_since_ms} resolvesMs={one.resolves_ms} /></>}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
