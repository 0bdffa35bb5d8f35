// Alerts as lines: what, where, since when; severity and state in words beside their colour.
import type { ComponentChildren, JSX } from "preact";
import { decimal, percent, plain, time } from "./format";
import { named, t } from "./i18n";
import type { AlertSummary } from "./types";

export const Severity = ({ of }: { of: AlertSummary["severity"] }): JSX.Element => (
  <span class="badge" data-severity={of}>{t(of)}</span>
);

export const State = ({ of }: { of: AlertSummary["state"] }): JSX.Element => <span class="badge" data-state={of}>{t(of)}</span>;

/** A text from outside: isolated, so that its direction does not reach its neighbours. */
export const Plain = ({ children }: { children: string }): JSX.Element => <bdi class="said" dir="auto">{plain(children)}</bdi>;

export function kindOf(notice: Pick<AlertSummary, "kind" | "family">): string {
  return notice.family ? `${named(notice.kind)} · ${named(notice.family)}` : named(notice.kind);
}

/** How bad it is, in the figures that its kind is judged by. */
export function figuresOf({ kind, observed, baseline, source }: AlertSummary): ComponentChildren {
  if (kind === "fake_traffic") return fakeShare(observed, baseline);
  const shown = ["texts", "viewers", "quiet_minutes", "findings"].find((name) => name in observed);
  if (shown === undefined) return null;
  const usual = baseline[shown];
  const unit = shown === "texts" ? t("texts_unit") : named(shown);
  return (
    <>
      {source && <><Plain>{source}</Plain>{" "}</>}
      {decimal(observed[shown])} {unit}
      {usual !== undefined && usual > 0 && <> ({t("usual")} {decimal(usual)})</>}
    </>
  );
}

/** The figure with the largest inauthentic share. */
function fakeShare(observed: AlertSummary["observed"], baseline: AlertSummary["baseline"]): ComponentChildren {
  const shares = Object.keys(baseline)
    .filter((name) => baseline[name] > 0)
    .map((name) => ({ name, share: (observed[`fake_${name}`] ?? 0) / baseline[name] }));
  const [worst] = shares.sort((a, b) => b.share - a.share);
  return worst ? <>{named(worst.name)}: {percent(worst.share)} {t("fake")}</> : null;
}

export function AlertList({ notices, placed = true }: { notices: AlertSummary[]; placed?: boolean }): JSX.Element {
  return (
    <ul class="notices">
      {notices.map((one) => {
        const said = one.matched ? <>“<Plain>{one.matched}</Plain>” · {plain(one.article)}</> : figuresOf(one);
        return (
          <li key={one.fingerprint} data-state={one.state} data-severity={one.severity}>
            <a href={`/alert/${one.fingerprint}`}>
              <span class="line">
                <Severity of={one.severity} /> <strong>{kindOf(one)}</strong>
                <time>{time(one.started_ms)}</time> <State of={one.state} />
              </span>
              <span class="detail">
                {placed && <><Plain>{one.brand_id}</Plain>{one.room_id && <> · <Plain>{one.room_id}</Plain></>}</>}
                {placed && said && " · "}
                {said}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
