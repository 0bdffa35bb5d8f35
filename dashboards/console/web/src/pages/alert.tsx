// One alert, answered: what, since when, how bad and compared with what, on which evidence, what to do, who decided.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ago, count, date, decimal, percent, plain, second, when, whole } from "../format";
import { language, named, t, type Word } from "../i18n";
import { Calm, Decided, figuresOf, kindOf, Plain, Severity, State } from "../alerts";
import { BrandName } from "../brand_names";
import { Panel } from "../panel";
import { risk } from "../risks";
import { Runbook } from "../runbook";
import { Shell, useMe } from "../shell";
import { post } from "../api";
import { useLive } from "../stream";
import type { Alert, AlertPanels, Decision, Evidence, Silence } from "../types";

const FACTORS: Record<string, Word> = { volume: "volumeFactor", reach: "reachFactor" };
const VERDICTS: [Decision["verdict"], Word][] = [
  ["acknowledged", "acknowledge"], ["confirmed", "confirm"], ["false_alarm", "falseAlarm"], ["reopened", "reopen"],
];

export function AlertPage({ id }: { id: string }): JSX.Element {
  const live = useLive<AlertPanels>("alert", id);
  const { alert, said, timeline, judged, runbook, runbook_in } = live.panels;
  if (alert === null) {
    return (
      <Shell live={live} title={t("noAlert")}>
        <p class="state empty" data-panel="alert" data-state="empty">{t("noAlertHelp")}</p>
      </Shell>
    );
  }
  return (
    <Shell
      live={live} title={alert ? kindOf({ kind: alert.kind, family: alert.family ?? "" }) : t("alert")} actions={<CopyLink />}
      subtitle={alert && (
        <>
          <Severity of={alert.severity} /> <State of={alert.state} decision={judged?.standing} />{" "}
          {judged?.standing && <Decided by={judged.standing} />} ·{" "}
          <a href={`/brand/${encodeURIComponent(alert.brand_id)}`}><BrandName id={alert.brand_id} /></a>
          {alert.room_id && <> · <a href={`/room/${encodeURIComponent(alert.room_id)}`}><Plain>{alert.room_id}</Plain></a></>}
          {alert.platform && <> · {named(alert.platform)}</>}
          {" · "}<span title={whole(alert.started_at)}>{t("since", { time: when(alert.started_at) })}, {ago(alert.started_at, live.lastSeenMs || Date.now())}</span>
        </>
      )}
    >
      <div class="columns">
        <div class="stack">
          <Panel name="what" title={t("howBad")} data={alert}>{(shown) => <HowBad alert={shown} said={said?.[language]} />}</Panel>
          <Panel name="evidence" title={t("evidence")} aside={t("evidenceNote")} data={alert} isEmpty={({ evidence }) => !evidence?.length} empty="noEvidence">
            {({ evidence }) => <ul class="evidence">{(evidence ?? []).map((one) => <Said key={`${one.origin.partition}:${one.origin.offset}`} evidence={one} />)}</ul>}
          </Panel>
          <Panel name="runbook" title={t("runbook")} data={runbook} isEmpty={(text) => !text} empty="noRunbook">
            {(english) => <Runbook text={runbook_in?.[language] ?? english} lang={runbook_in?.[language] ? language : "en"} />}
          </Panel>
        </div>
        <div class="stack">
          <Panel name="judged" title={t("decisions")} data={judged}>
            {({ made, standing, silence }) => <Decide fingerprint={id} made={made} standing={standing} silence={silence} />}
          </Panel>
          {hasAny(alert?.factors) && <Panel name="factors" title={t("factors")} aside={t("factorsWhy")} data={alert}>
            {({ factors }) => (
              <ul class="ranked">
                {Object.entries(factors ?? {}).map(([name, value]) => (
                  <li key={name} data-figure={`factor-${name}`}>
                    <span>{FACTORS[name] ? t(FACTORS[name]) : named(name)}</span>
                    <meter min={0} max={1} value={value} aria-label={named(name)} /><b>{decimal2(value)}</b>
                  </li>
                ))}
              </ul>
            )}
          </Panel>}
          <Panel name="timeline" title={t("timeline")} data={timeline} isEmpty={(all) => !all.length}>
            {(all) => (
              <ol class="timeline">
                {alert && <li><time>{second(alert.started_at)}</time><span>{t("started")}</span></li>}
                {all.map((one, at) => (
                  <li key={at}>
                    <time>{second(one.at_ms)}</time>
                    <span><State of={one.state} /> <Severity of={one.severity} /><small>{figuresOf(one)}</small></span>
                  </li>
                ))}
              </ol>
            )}
          </Panel>
          {hasAny(alert?.spreaders) && <Panel name="spreaders" title={t("spreaders")} data={alert}>
            {({ spreaders }) => (
              <ul class="plain">
                {Object.entries(spreaders ?? {}).map(([name, weight]) => <li key={name}><code>{plain(name.slice(0, 12))}</code> {count(weight)}</li>)}
              </ul>
            )}
          </Panel>}
        </div>
      </div>
    </Shell>
  );
}

const hasAny = (figures: Record<string, number> | undefined): boolean => Object.keys(figures ?? {}).length > 0;
const decimal2 = (value: number): string => value.toFixed(2);

function HowBad({ alert, said }: { alert: Alert; said: string | undefined }): JSX.Element {
  const { observed = {}, baseline = {}, present = {} } = alert;
  const names = [...new Set([...Object.keys(observed), ...Object.keys(baseline), ...Object.keys(present)])];
  const isNow = alert.state === "firing" && Object.keys(present).length > 0;
  return (
    <>
      {language === "en"
        ? <p class="summary"><Plain>{alert.explanation || alert.summary}</Plain></p>
        : said
        ? <p class="summary"><Plain>{said}</Plain></p>
        : <p class="summary">{named(alert.kind)}{alert.family && ` · ${named(alert.family)}`}{t("colon")}{figuresOf({ observed, baseline, kind: alert.kind, source: alert.source ?? "" })}</p>}
      {alert.state === "firing" && alert.calm_since && <p class="summary"><Calm sinceMs={alert.calm_since} resolvesMs={alert.resolves_at} /></p>}
      {names.length > 0 && (
        <table>
          <thead><tr><td />{isNow && <th scope="col">{t("now")}</th>}<th scope="col">{t(isNow ? "height" : "observed")}</th><th scope="col">{t("baseline")}</th><th scope="col">{t("timesUsual")}</th></tr></thead>
          <tbody>
            {names.map((name) => (
              <tr key={name} data-figure={`observed-${name}`}>
                <th scope="row">{name === "texts" ? t("texts") : named(name)}</th>
                {isNow && <td><b>{decimal(present[name])}</b></td>}<td>{decimal(observed[name])}</td><td class="soft">{decimal(baseline[name])}</td>
                <td>{observed[name] !== undefined && baseline[name] ? `×${decimal(observed[name] / baseline[name])}` : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Said({ evidence }: { evidence: Evidence }): JSX.Element {
  const { origin, findings = [], risks = {} } = evidence;
  const rules = findings.filter((one, at) => findings.findIndex((other) => other.rule === one.rule) === at);
  return (
    <li>
      <blockquote dir="auto"><Marked text={evidence.text ?? ""} spans={findings.map((one) => one.span)} /></blockquote>
      {rules.map((one) => (
        <p class="finding" key={one.rule}>
          <b>{named(one.family)}</b> · {plain(one.rule)} · {t("article")}: {plain(one.article)}
        </p>
      ))}
      <p class="facts">
        <time>{second(evidence.event_time)}</time>
        {(evidence.count ?? 1) > 1 && <b data-figure="count">{t("saidTimes", { n: count(evidence.count) })}</b>}
        {evidence.platform && <span>{named(evidence.platform)}</span>}
        {evidence.room_id && <a href={`/room/${encodeURIComponent(evidence.room_id)}`}><Plain>{evidence.room_id}</Plain></a>}
        {(evidence.reach ?? 0) > 0 && <span>{t("reach")} {count(evidence.reach)}</span>}
        {evidence.sentiment && <span>{named(evidence.sentiment)}</span>}
        {Object.entries(risks).map(([label, score]) => <span key={label}>{risk(label)} {percent(score)}</span>)}
        <code title={t("origin")}>{plain(origin.topic)} / {origin.partition} / {origin.offset}</code>
        {evidence.actor_id && <code title={t("account")}>{plain(evidence.actor_id.slice(0, 12))}</code>}
      </p>
    </li>
  );
}

/** A text with its spans marked. Spans count characters, as Python does; strings here count halves of some. */
function Marked({ text, spans }: { text: string; spans: [number, number][] }): JSX.Element {
  const letters = Array.from(text);
  const within = letters.map((_, at) => spans.some(([from, to]) => from <= at && at < to));
  const parts: { marked: boolean; text: string }[] = [];
  letters.forEach((letter, at) => {
    const last = parts.at(-1);
    if (last && last.marked === within[at]) last.text += letter;
    else parts.push({ marked: within[at] ?? false, text: letter });
  });
  return <>{parts.map((part) => (part.marked ? <mark>{plain(part.text)}</mark> : plain(part.text)))}</>;
}

interface DecideProps {
  fingerprint: string;
  made: Decision[];
  standing: Decision | null;
  silence: Silence | null;
}

/** For how many minutes an acknowledgement silences the alert; empty is as long as it fires. */
const SILENCES: [string, Word][] = [["", "whileFiring"], ["60", "oneHour"], ["240", "fourHours"], ["1440", "oneDay"]];

function Decide({ fingerprint, made, standing, silence }: DecideProps): JSX.Element {
  const who = useMe();
  const [note, setNote] = useState("");
  const [failure, setFailure] = useState("");
  const [minutes, setMinutes] = useState("");
  const decide = async (verdict: Decision["verdict"], silenced = minutes): Promise<void> => {
    const silence_minutes = verdict === "acknowledged" && silenced !== "" ? Number(silenced) : null;
    const error = await post("/api/decide", { fingerprint, verdict, note, silence_minutes });
    setFailure(error ?? "");
    if (!error) setNote("");
  };
  return (
    <>
      {who?.role === "operator" ? (
        <form class="decide" onSubmit={(event) => event.preventDefault()}>
          <label>{t("note")} <input value={note} maxLength={500} placeholder={t("noteHint")} onInput={(event) => setNote(event.currentTarget.value)} /></label>
          <div class="actions">
            <label class="silence">{t("silence")} <select value={minutes} onChange={(event) => setMinutes(event.currentTarget.value)}>
              {SILENCES.map(([value, word]) => <option value={value}>{t(word)}</option>)}
            </select></label>
            {VERDICTS.filter(([verdict]) => verdict !== "reopened" || standing).map(([verdict, word]) => (
              <button
                type="button" class={verdict === "acknowledged" && !standing ? "first" : ""} data-verdict={verdict}
                aria-pressed={standing?.verdict === verdict} onClick={() => void decide(verdict)}
              >{t(word)}</button>
            ))}
          </div>
          {silence && (
            <p class="basis" data-figure="silence">
              {silence.until_ms ? t("silentUntil", { time: when(silence.until_ms) }) : t("silentWhileFiring")}{" "}
              <button type="button" onClick={() => void decide("acknowledged", "0")}>{t("endSilence")}</button>
            </p>
          )}
          {failure && <p class="state" role="alert">{failure}</p>}
        </form>
      ) : <p class="state">{t("onlyOperators")}</p>}
      {made.length === 0 ? <p class="state">{t("noDecisions")}</p> : (
        <ol class="timeline" aria-live="polite">
          {[...made].reverse().map((one, at) => (
            <li key={made.length - at} data-decision={one.verdict}>
              <time>{date(one.at_ms)}</time>
              <span><b>{t(one.verdict)}</b> {t("by", { name: plain(one.author) })}{one.note && <small><Plain>{one.note}</Plain></small>}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function CopyLink(): JSX.Element {
  const [state, setState] = useState<Word>("copyLink");
  const copy = async (): Promise<void> => setState((await copied(`${location.origin}${location.pathname}`)) ? "copied" : "copyFailed");
  return <button onClick={() => void copy()} aria-live="polite">{t(state)}</button>;
}

/** Browsers give the clipboard to https and loopback alone; elsewhere the old way still works. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
