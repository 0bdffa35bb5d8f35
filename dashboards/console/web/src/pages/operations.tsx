// For on-call staff: whether the monitor sees, how far it is behind, and what it could not read.
import { type JSX } from "preact";
import { ago, count, decimal, NOTHING, plain, stretch, when } from "../format";
import { named, t } from "../i18n";
import { Plain } from "../alerts";
import { BrandName } from "../brand_names";
import { Panel } from "../panel";
import { Shell } from "../shell";
import { BlindBanner } from "../health";
import { useLive } from "../stream";
import type { FeedConnection, SourceStatus, OperationsPanels } from "../types";

const Up = ({ up }: { up: boolean }): JSX.Element => <span class="badge" data-up={up}>{t(up ? "up" : "down")}</span>;

export function OperationsPage(): JSX.Element {
  const live = useLive<OperationsPanels>("operations");
  const { sight, servers, stages, scoring, letters, feeds, connections } = live.panels;
  const redisUp = live.freshness !== "error";
  return (
    <Shell live={live} title={t("operations")}>
      <BlindBanner sight={sight} always />
      <div class="flow broad">
        <Panel name="servers" title={t("servers")} data={servers}>
          {({ kafka, kafka_trouble }) => (
            <dl class="pairs">
              <div><dt>Redis</dt><dd><Up up={redisUp} /></dd></div>
              <div><dt>Kafka</dt><dd><Up up={kafka} />{kafka_trouble && <small> <Plain>{kafka_trouble}</Plain></small>}</dd></div>
            </dl>
          )}
        </Panel>
        <Panel name="stages" title={`${t("lag")} · ${t("throughput")}`} data={stages}>
          {(all) => (
            <table>
              <thead><tr><th scope="col">{t("stage")}</th><th scope="col" class="left">{t("topic")}</th><th scope="col">{t("lagRecords")}</th><th scope="col">{t("perSecond")}</th></tr></thead>
              <tbody>
                {all.flatMap((stage) => Object.entries(stage.behind).map(([topic, behind], at) => (
                  <tr key={`${stage.stage}${topic}`} data-stage={stage.stage} data-topic={topic}>
                    <th scope="row">{at === 0 && named(stage.stage)}</th><td class="left"><code>{topic}</code></td>
                    <td><b>{count(behind)}</b></td>
                    <td class="soft">{at === 0 ? (stage.per_second === null ? t("measuring") : decimal(stage.per_second)) : ""}</td>
                  </tr>
                )))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="scoring" title={t("scoringLatency")} data={scoring ?? undefined} isEmpty={({ texts }) => !texts}
          aside={scoring && t("scoringWhy", { n: count(scoring.texts) })}>
          {({ median_ms, p95_ms, unscored }) => (
            <dl class="pairs">
              <div data-figure="scoring-median"><dt>{t("median")}</dt><dd>{latency(median_ms)}</dd></div>
              <div data-figure="scoring-p95"><dt>{t("p95")}</dt><dd>{latency(p95_ms)}</dd></div>
              <div data-figure="unscored"><dt>{t("unscored")}</dt><dd>{count(unscored)}</dd></div>
            </dl>
          )}
        </Panel>
        <Panel name="feeds" title={t("feedHealth")} data={feeds} isEmpty={({ topics, sources }) => !topics.length && !sources.length} empty="noFeeds">
          {({ topics, sources }) => (
            <table>
              <thead><tr><th scope="col">{t("source")}</th><th scope="col" class="left">{t("brand")}</th><th scope="col">{t("lastHeard")}</th><th scope="col" class="left">{t("feedTime")}</th><th scope="col" /></tr></thead>
              <tbody>
                {topics.map((one) => (
                  <tr key={one.topic}><th scope="row"><code>{one.topic}</code></th><td class="left soft">{t("all")}</td><td>{ago(one.newest_ms, live.lastSeenMs)}</td><td /><td /></tr>
                ))}
                {sources.map((one) => (
                  <tr key={`${one.brand_id} ${one.source}`}>
                    <th scope="row" class="text"><Plain>{one.source}</Plain></th>
                    <td class="left text"><a href={`/brand/${encodeURIComponent(one.brand_id)}`}><BrandName id={one.brand_id} /></a></td>
                    <td>{ago(one.last_ms, live.lastSeenMs)}</td>
                    <td class="left soft words">{feedTime(one)}</td>
                    <td><span class="badge" data-up={!one.silent}>{t(one.silent ? "silent" : "hearing")}</span></td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="connections" title={t("connections")} data={connections} wide isEmpty={(all) => !all.length} empty="noConnections">
          {(all) => (
            <table>
              <thead><tr><th scope="col">{t("source")}</th><th scope="col" class="left">{t("stands")}</th><th scope="col">{t("lastMessage")}</th><th scope="col">{t("behindItsTime")}</th><th scope="col" class="left">{t("gaps")}</th><th scope="col" class="left">{t("unreadTypes")}</th></tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.name} data-feed={one.name}>
                    <th scope="row" class="text"><Plain>{one.name}</Plain> <code class="soft">{one.kind}</code></th>
                    <td class="left text">
                      <span class="badge" data-up={UP.has(one.state)}>{t(one.state)}</span> <span class="soft">{ago(one.since_ms, live.lastSeenMs)}</span>
                      {one.error && <div class="soft"><Plain>{one.error}</Plain></div>}
                    </td>
                    <td>{one.last_message_ms === null ? NOTHING : ago(one.last_message_ms, live.lastSeenMs)}</td>
                    <td class="words">{behind(one.lag_ms)}</td>
                    <td class="left words">{missing(one)}</td>
                    <td class="left text">{one.unread.length ? one.unread.map((kind) => (
                      <div key={`${kind.type} ${kind.reason}`}>{count(kind.count)} × {kind.type ? <Plain>{kind.type}</Plain> : t("noType")} <span class="soft">{named(kind.reason)}</span></div>
                    )) : NOTHING}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="letters" title={t("deadLetters")} data={letters ?? undefined} wide isEmpty={({ count: all }) => !all} empty="noDeadLetters"
          aside={letters && <b data-figure="dead-letters">{count(letters.count)}</b>}>
          {({ newest }) => (
            <table>
              <thead><tr><th scope="col">{t("reason")}</th><th scope="col" class="left">{t("stage")}</th><th scope="col" class="left">{t("origin")}</th><th scope="col" class="left">{t("explanation")}</th><th scope="col">{t("time")}</th></tr></thead>
              <tbody>
                {newest.map((one) => (
                  <tr key={one.origin}>
                    <th scope="row" title={one.reason}>{named(one.reason)}</th><td class="left">{named(one.stage)}</td>
                    <td class="left"><code>{plain(one.origin)}</code></td><td class="left text"><Plain>{one.detail}</Plain></td><td>{when(one.at_ms)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
      </div>
    </Shell>
  );
}

/** States in which nobody has to do anything. */
const UP = new Set(["connected", "finished", "stopped"]);

const latency = (ms: number | null): string =>
  ms === null ? NOTHING : ms < 1_000 ? `${count(ms)} ms` : `${decimal(ms / 1000)} s`;

/** How old its newest event was when its last message came; of a clock that is ahead, by how much. */
function behind(ms: number | null): string {
  if (ms !== null && ms <= -1_000) return t("aheadOfTime", { time: stretch(-ms / 1000) });
  return ms !== null && ms >= 90_000 ? stretch(ms / 1000) : latency(ms && Math.max(0, ms));
}

/** What a feed will never tell, as far as that is known. */
function missing({ gaps, gap_messages, gap_ms }: FeedConnection): string {
  const parts = [
    gaps && t("gapsOf", { n: count(gaps) }),
    gap_messages && t("messagesMissing", { n: count(gap_messages) }),
    gap_ms >= 1_000 && t("inAll", { time: stretch(gap_ms / 1000) }),
  ];
  return parts.filter(Boolean).join(" · ") || NOTHING;
}

/** What a feed's times are worth, in words; nothing where its clock is right and its texts come at once. */
function feedTime({ offset_ms, lateness_ms, late }: SourceStatus): string {
  const clock = offset_ms && t(offset_ms > 0 ? "clockBehind" : "clockAhead", { time: stretch(Math.abs(offset_ms) / 1000) });
  const comes = lateness_ms && t("comesLate", { time: stretch(lateness_ms / 1000) });
  return [clock, comes, late && t("cameLate", { n: count(late) })].filter(Boolean).join(" · ") || NOTHING;
}
