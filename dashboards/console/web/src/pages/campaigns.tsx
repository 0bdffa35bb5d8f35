// All campaigns, and the form for a new one.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { date } from "../format";
import { t } from "../i18n";
import { Plain } from "../alerts";
import { Status } from "../campaign_status";
import { Panel } from "../panel";
import { Shell, useMe } from "../shell";
import { post } from "../api";
import { useLive } from "../stream";
import type { Campaign, CampaignsPanels } from "../types";

const SCOPES: Campaign["scope"][] = ["room", "brand", "product"];
const HOUR_MS = 3_600_000;

export function CampaignsPage(): JSX.Element {
  const live = useLive<CampaignsPanels>("campaigns");
  const { campaigns, present_ms } = live.panels;
  const who = useMe();
  return (
    <Shell live={live} title={t("campaigns")}>
      <div class="stack">
        <Panel name="campaigns" title={t("campaigns")} data={campaigns} isEmpty={(all) => !all.length} empty="noCampaigns">
          {(all) => (
            <table>
              <thead><tr><th scope="col">{t("name")}</th><th scope="col" class="left">{t("scope")}</th><th scope="col" class="left">{t("tags")}</th><th scope="col">{t("from")}</th><th scope="col">{t("to")}</th><th scope="col" /></tr></thead>
              <tbody>
                {all.map(({ campaign, status }) => (
                  <tr key={campaign.campaign_id}>
                    <th scope="row" class="text"><a href={`/campaign/${campaign.campaign_id}`}><Plain>{campaign.name}</Plain></a></th>
                    <td class="left text soft">{t(campaign.scope)} <Plain>{campaign.scope_id}</Plain></td>
                    <td class="left text soft"><Plain>{campaign.tags.join(" ")}</Plain></td>
                    <td>{date(campaign.starts_ms)}</td><td>{date(campaign.ends_ms)}</td><td><Status of={status} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
        <p class="basis">{t("noCampaignsHelp")}</p>
        {who?.role === "operator" && present_ms !== undefined && <NewCampaign presentMs={present_ms} />}
        {who?.role === "viewer" && <p class="state">{t("onlyOperators")}</p>}
      </div>
    </Shell>
  );
}

function NewCampaign({ presentMs }: { presentMs: number }): JSX.Element {
  const [failure, setFailure] = useState("");
  const [began] = useState(presentMs);
  const [scope, setScope] = useState<Campaign["scope"]>("room");
  const [known, setKnown] = useState<Partial<Record<Campaign["scope"], string[]>>>({});
  useEffect(() => void fetch("/api/known").then(async (answer) => { if (answer.ok) setKnown(await answer.json()); }, () => undefined), []);
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const said = (name: string): string => String(form.get(name) ?? "");
    const error = await post("/api/campaigns", {
      name: said("name"), scope: said("scope"), scope_id: said("scope_id"), brand_id: said("brand_id"),
      starts_ms: Date.parse(said("from")), ends_ms: Date.parse(said("to")), tags: said("tags").split(/\s+/).filter(Boolean),
    });
    setFailure(error ?? "");
    if (!error) (event.target as HTMLFormElement).reset();
  };
  return (
    <section class="panel" aria-labelledby="new-campaign">
      <header><h2 id="new-campaign">{t("newCampaign")}</h2></header>
      <form class="fields" onSubmit={(event) => void create(event as unknown as SubmitEvent)}>
        <label>{t("name")}<input name="name" required maxLength={120} /></label>
        <label>{t("scope")}<select name="scope" onChange={(event) => setScope(event.currentTarget.value as Campaign["scope"])}>{SCOPES.map((one) => <option value={one}>{t(one)}</option>)}</select></label>
        <label>{t("idOf")}<input name="scope_id" required maxLength={128} list="known-ids" autocomplete="off" /></label>
        <datalist id="known-ids">{known[scope]?.map((one) => <option value={one} />)}</datalist>
        <label>{t("brand")}<input name="brand_id" maxLength={128} list="known-brands" placeholder={scope === "room" ? t("brandOfRoom") : ""} autocomplete="off" /></label>
        <datalist id="known-brands">{known.brand?.map((one) => <option value={one} />)}</datalist>
        <label>{t("from")}<input name="from" type="datetime-local" required defaultValue={local(began)} /></label>
        <label>{t("to")}<input name="to" type="datetime-local" required defaultValue={local(began + 2 * HOUR_MS)} /></label>
        <label>{t("tags")}<input name="tags" placeholder={t("tagsHint")} /></label>
        <button class="first">{t("create")}</button>
        {failure && <p class="state" role="alert">{failure}</p>}
      </form>
    </section>
  );
}

/** A moment as a datetime-local field holds it, in the reader's own time. */
function local(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
