// One campaign: before against during and after, mood joined with conversion, rules, and the report to keep.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Chart } from "../chart";
import { change, count, date, inUnit, NOTHING, plain, time } from "../format";
import { SHOWN_ON } from "../generated";
import { language, metric, named, t, type Metric, type Word } from "../i18n";
import { SentimentShares } from "../sentiment";
import { AlertList, Plain } from "../alerts";
import { Status } from "../campaign_status";
import { useCurrency } from "../brand_names";
import { EstimateNotes, Estimated, RoughPeople } from "../estimated";
import { Panel } from "../panel";
import { Shell, useMe } from "../shell";
import { post } from "../api";
import { useLive } from "../stream";
import type { CampaignPanels, Stretch } from "../types";

/** In which language and zone reports are written. */
const READER = new URLSearchParams({ lang: language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" });

type Part = keyof CampaignPanels["parts"];

const PARTS: [Part, Word][] = [["before", "beforeIt"], ["during", "during"], ["after", "afterIt"]];

/** A metric of one part, wherever the server put it. */
function valueOf(id: Metric, { viewers, figures, sums }: Stretch): number | null {
  if (id === "viewers") return viewers;
  const counted: Partial<Record<Metric, number>> = { ...sums, ...figures.funnel };
  return counted[id] ?? (figures as unknown as Partial<Record<Metric, number | null>>)[id] ?? null;
}

export function CampaignPage({ id }: { id: string }): JSX.Element {
  const live = useLive<CampaignPanels>("campaign", id);
  const { head, parts, joined, rules } = live.panels;
  if (head === null) {
    return (
      <Shell live={live} title={t("noCampaign")}>
        <p class="state empty" data-panel="campaign" data-state="empty"><a href="/campaigns">{t("campaigns")}</a></p>
      </Shell>
    );
  }
  const campaign = head?.campaign;
  const ofBrand = campaign?.scope === "product";
  return (
    <Shell
      live={live} title={campaign ? plain(campaign.name) : t("campaign")}
      subtitle={campaign && head && (
        <>
          <Status of={head.status} /> {t(campaign.scope)}{" "}
          {campaign.scope === "product"
            ? <Plain>{campaign.scope_id}</Plain>
            : <a href={`/${campaign.scope}/${encodeURIComponent(campaign.scope_id)}`}><Plain>{campaign.scope_id}</Plain></a>}
          {" · "}{date(campaign.starts_ms)} – {date(campaign.ends_ms)} · {t("asOf", { time: time(head.present_ms) })}
          {campaign.tags.map((tag) => <> <span class="badge"><Plain>{tag}</Plain></span></>)}
        </>
      )}
      actions={campaign && (
        <>
          {head?.status === "running" && <EndNow id={campaign.campaign_id} />}
          <a class="button" href={`/campaign/${campaign.campaign_id}/report.html?${READER}`}>{t("reportHtml")}</a>
          <a class="button" href={`/campaign/${campaign.campaign_id}/report.csv?${READER}`}>{t("reportCsv")}</a>
        </>
      )}
    >
      <div class="columns">
        <div class="stack">
          <Panel name="parts" title={t("beforeAfter")} data={parts} aside={parts && <Basis parts={parts} />}>
            {(shown) => (
              <>
                <Compared parts={shown} brandId={campaign?.brand_id ?? ""} />
                <EstimateNotes of={SHOWN_ON.report.map(([id]) => id)} figures={Object.values(shown).map((one) => one.figures)} people
                  namesHidden={Object.values(shown).some((one) => one.names_hidden)} />
              </>
            )}
          </Panel>
          <Panel name="joined" title={t("moodConversion")} aside={t("moodConversionWhy")} data={joined ?? undefined} isEmpty={({ payments, negative_share }) => !payments.some(Boolean) && negative_share.every((one) => one === null)}>
            {({ first_ms, step_minutes, negative_share, payments }) => (
              <Chart
                firstMs={first_ms} stepMinutes={step_minutes} height={240} summary={t("moodConversionWhy")}
                marks={campaign ? [{ ms: campaign.starts_ms, label: t("from") }, { ms: campaign.ends_ms, label: t("to") }] : []}
                series={[
                  { label: metric("payments"), colour: "series-1", values: payments, kind: "bars" },
                  { label: t("negativeShare"), colour: "mood-negative", values: negative_share, right: true },
                ]}
              />
            )}
          </Panel>
        </div>
        <div class="stack">
          <Panel name="mood" title={ofBrand ? t("moodOfBrand") : t("mood")} data={parts} isEmpty={({ during }) => !Object.values(during.moods).some(Boolean)} empty="noComments">
            {({ during }) => <SentimentShares counts={during.moods} />}
          </Panel>
          <Panel name="rules" title={t("rulesChecked")} data={rules} aside={ofBrand ? t("wholeBrand") : undefined}>
            {(all) => (
              <ul class="rules">
                {all.map(({ family, alerts }) => (
                  <li key={family} data-rule={family}>
                    <p><b>{named(family)}</b> {alerts.length ? t("foundTimes", { n: alerts.length }) : <span class="badge" data-up="true">{t("nothingFound")}</span>}</p>
                    {alerts.length > 0 && <AlertList notices={alerts} />}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
      </div>
    </Shell>
  );
}

function Basis({ parts }: { parts: Record<Part, Stretch> }): JSX.Element {
  const missing = Object.values(parts).reduce((sum, one) => sum + Math.max(0, one.passed - one.kept), 0);
  return missing > 0
    ? <b role="status">{t("gap", { n: count(missing) })}</b>
    : <>{t("kept", { n: count(parts.during.kept), m: count(parts.during.passed) })}</>;
}

function Compared({ parts, brandId }: { parts: Record<Part, Stretch>; brandId: string }): JSX.Element {
  const currency = useCurrency(brandId);
  return (
    <table>
      <thead><tr><td />{PARTS.map(([, word]) => <th scope="col">{t(word)}</th>)}<th scope="col">{t("change")}</th></tr></thead>
      <tbody>
        {SHOWN_ON.report.map(([id, unit]) => (
          <tr key={id} data-figure={id}>
            <th scope="row">{metric(id)}</th>
            {PARTS.map(([part]) => {
              const shown = inUnit(unit, valueOf(id, parts[part]), id, currency);
              const mark = <><Estimated of={id} figures={parts[part].figures} /><RoughPeople of={id} hidden={parts[part].names_hidden} /></>;
              return part === "during" ? <td><b>{shown}</b> {mark}</td> : <td class="soft">{shown} {mark}</td>;
            })}
            <td class="soft">{change(valueOf(id, parts.during), valueOf(id, parts.before)) ?? NOTHING}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function EndNow({ id }: { id: string }): JSX.Element | null {
  const who = useMe();
  const [failure, setFailure] = useState("");
  if (who?.role !== "operator") return null;
  const end = async (): Promise<void> => setFailure((await post("/api/campaigns/end", { campaign_id: id })) ?? "");
  return <><button onClick={() => void end()}>{t("endNow")}</button>{failure && <span role="alert">{failure}</span>}</>;
}
