// A brand for its safety team: how it is spoken of, how bad, against what is usual, by whom, and beside its rivals.
import { type JSX } from "preact";
import { Chart } from "../chart";
import { count, decimal, money, NOTHING, percent, plain, time } from "../format";
import { metric, named, t } from "../i18n";
import { SentimentBar, SentimentShares, share } from "../sentiment";
import { kindOf, AlertList, Plain } from "../alerts";
import { BrandName, useBrandName, useCurrency } from "../brand_names";
import { EstimateNotes, Estimated, RoughPeople } from "../estimated";
import { Panel } from "../panel";
import { risk } from "../risks";
import { Shell } from "../shell";
import { useLive } from "../stream";
import type { BrandPanels } from "../types";

/** What fills a bar: the largest of them, or a fifth of all texts if that is more, so that a twentieth is no dot. */
const scaleOf = (largest: number, scored: number): number => Math.max(1, largest, scored / 5);

export function BrandPage({ id }: { id: string }): JSX.Element {
  const live = useLive<BrandPanels>("brand", id);
  const name = useBrandName(id);
  const currency = useCurrency(id);
  const { head, said, volume, platforms, topics, spread, rivals, alerts, engagement } = live.panels;
  return (
    <Shell live={live} title={plain(name)} subtitle={head && <>{t("brand")} {name !== id && <><Plain>{id}</Plain>{" "}</>}· {t("asOf", { time: time(head.as_of_ms) })}</>}>
      <div class="flow" data-as-of={head?.as_of_ms}>
        <Panel
          name="volume" title={t("volumeBaseline")} data={volume} wide isEmpty={({ texts }) => !texts.some(Boolean)} empty="noBrand"
          aside={volume && (volume.usual
            ? <span data-figure="usual">{t("usualRate", { n: decimal(volume.usual.texts_per_minute) })}</span>
            : t("noBaseline"))}
        >
          {({ first_ms, texts, usual }) => (
            <Chart
              firstMs={first_ms} height={240}
              summary={`${t("volume")}: ${count(texts.at(-1))} ${t("perMinute")}; ${usual ? t("usualRate", { n: decimal(usual.texts_per_minute) }) : t("noBaseline")}`}
              marks={(alerts?.shown ?? []).map((one) => ({ ms: one.started_ms, label: kindOf(one) }))}
              series={[
                { label: `${t("volume")} (${t("perMinute")})`, colour: "series-1", values: texts, kind: "bars" },
                ...(usual ? [{ label: t("baseline"), colour: "series-3", values: texts.map(() => usual.texts_per_minute), kind: "dashes" as const }] : []),
              ]}
            />
          )}
        </Panel>
        <Panel name="said" title={t("sentimentHour")} data={said} isEmpty={({ texts }) => !texts} empty="noBrand"
          aside={said && <span data-figure="texts">{count(said.texts)} {t("texts_unit")}</span>}>
          {({ sentiments }) => <SentimentShares counts={sentiments} />}
        </Panel>
        <Panel name="risks" title={t("risksHour")} data={said} isEmpty={({ risks }) => !Object.keys(risks).length} empty="none">
          {({ risks, scored }) => (
            <ul class="ranked">
              {Object.entries(risks).sort(([, one], [, other]) => other - one).map(([name, number]) => (
                <li key={name} data-figure={`risk-${name}`}>
                  <span>{risk(name)}</span>
                  <meter min={0} max={scaleOf(Math.max(...Object.values(risks)), scored)} value={number} aria-label={risk(name)} />
                  <b>{count(number)}</b><small>{percent(scored ? number / scored : null)}</small>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Panel name="topics" title={t("topics")} aside={t("topicsWhy")} data={topics} isEmpty={(all) => !all.length} empty="noTopics">
          {(all) => (
            <table>
              <thead><tr><td /><th scope="col">{t("now")}</th><th scope="col">{t("usual")}</th><th scope="col">{t("timesUsual")}</th></tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.term}>
                    <th scope="row" class="text"><Plain>{one.term}</Plain>{one.example && <small><Plain>{one.example}</Plain></small>}</th>
                    <td>{count(one.texts)}</td><td class="soft">{decimal(one.usual)}</td><td>×{decimal(one.rise)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="spread" title={t("spreaders")} data={spread} isEmpty={({ voices }) => !voices.length} empty="noSpreaders"
          aside={spread && <>{t("accounts", { n: count(spread.accounts) })} <RoughPeople hidden={head?.names_hidden} /></>}>
          {({ voices }) => (
            <table>
              <thead><tr><th scope="col">{t("account")}</th><th scope="col">{t("texts")}</th><th scope="col">{t("share")}</th><th scope="col">{t("reach")}</th></tr></thead>
              <tbody>
                {voices.map((one) => (
                  <tr key={one.actor_id}>
                    <th scope="row"><code title={one.actor_id}>{plain(one.actor_id.slice(0, 12))}</code></th>
                    <td>{count(one.texts)}</td><td>{percent(one.share)}</td><td>{one.followers ? count(one.followers) : NOTHING}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="platforms" title={t("platforms")} data={platforms} isEmpty={(all) => !all.length} empty="noBrand">
          {(all) => (
            <table>
              <thead><tr><td /><th scope="col">{t("texts")}</th><th scope="col">{t("sentiment")}</th><th scope="col">{t("negativeShare")}</th><th scope="col">{t("riskShare")}</th></tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.platform} data-platform={one.platform}>
                    <th scope="row">{named(one.platform)}</th><td>{count(one.texts)}</td><td><SentimentBar counts={one.sentiments} /></td>
                    <td>{percent(share(one.sentiments, "negative"))}</td><td>{count(one.risky)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="engagement" title={`${t("rooms")} · ${t("hourly")}`} data={engagement}>
          {(figures) => (
            <>
            <dl class="pairs">
              <div><dt>{metric("interaction_rate")}</dt><dd>{percent(figures.interaction_rate)} <RoughPeople hidden={head?.names_hidden} /></dd></div>
              <div><dt>{metric("follow_rate")}</dt><dd>{percent(figures.follow_rate)} <RoughPeople hidden={head?.names_hidden} /></dd></div>
              <div><dt>{metric("conversion_rate")}</dt><dd>{percent(figures.conversion_rate)} <RoughPeople hidden={head?.names_hidden} /></dd></div>
              <div><dt>{metric("paid_gmv")}</dt><dd>{money(figures.paid_gmv, currency)}</dd></div>
              <div><dt>{metric("gpm_pv")}</dt><dd>{money(figures.gpm_pv, currency)} <Estimated of="gpm_pv" figures={figures} /></dd></div>
              <div><dt>{metric("refund_rate")}</dt><dd>{percent(figures.refund_rate)}</dd></div>
            </dl>
            <EstimateNotes of={["gpm_pv"]} figures={[figures]} people namesHidden={head?.names_hidden ?? false} />
            </>
          )}
        </Panel>
        <Panel name="rivals" wide title={t("rivals")} data={rivals} isEmpty={(all) => !all.length} empty="noTexts">
          {(all) => (
            <table>
              <thead><tr><td /><th scope="col">{t("shareOfVoice")}</th><th scope="col">{t("texts")}</th><th scope="col">{t("sentiment")}</th><th scope="col">{t("negativeShare")}</th><th scope="col">{t("riskShare")}</th><th scope="col">{t("alerts")}</th></tr></thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.brand_id} aria-current={one.brand_id === id ? "true" : undefined}>
                    <th scope="row" class="text"><a href={`/brand/${encodeURIComponent(one.brand_id)}`}><BrandName id={one.brand_id} /></a></th>
                    <td>{percent(one.share_of_voice)}</td><td>{count(one.texts)}</td><td><SentimentBar counts={one.sentiments} /></td>
                    <td>{percent(share(one.sentiments, "negative"))}</td><td>{count(one.risky)}</td><td>{count(one.firing)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <Panel name="alerts" title={t("alertsOf")} data={alerts} wide isEmpty={({ shown }) => !shown.length} empty="noAlerts">
          {({ shown, hidden }) => (
            <div role="log" aria-live="polite">
              <AlertList notices={shown} placed={true} />
              {hidden > 0 && <p class="basis">{t("hiddenAlerts", { n: hidden })}</p>}
            </div>
          )}
        </Panel>
      </div>
    </Shell>
  );
}
