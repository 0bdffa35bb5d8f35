// The overview: alerts first, then rooms and brands by what goes on in them.
import { type JSX } from "preact";
import { count, money, percent } from "../format";
import { metric, t, type Word } from "../i18n";
import { risk } from "../risks";
import { SentimentBar, share } from "../sentiment";
import { AlertCards, Plain } from "../alerts";
import { BrandName, useCurrencies } from "../brand_names";
import { Panel } from "../panel";
import { Shell } from "../shell";
import { BlindBanner } from "../health";
import { useLive } from "../stream";
import type { OverviewPanels } from "../types";

export function OverviewPage(): JSX.Element {
  const live = useLive<OverviewPanels>("start");
  const currencyOf = useCurrencies();
  const { sight, alerts, rooms, brands } = live.panels;
  const untouched = sight !== undefined && !sight.newest_ms;
  return (
    <Shell live={live} title={t("start")}>
      <BlindBanner sight={sight} />
      {untouched && <p class="state empty" data-panel="welcome" data-state="empty">{t("nothingYetHelp")}</p>}
      <div class="stack">
        <Panel
          name="alerts" title={t("alerts")} data={alerts} isEmpty={({ shown }) => !shown.length} empty="calm"
          aside={alerts && <><b>{count(alerts.firing)} {t("firing")}</b>{bySeverity(alerts.by_severity)}</>}
        >
          {({ shown, hidden }) => (
            <div role="log" aria-live="polite">
              <AlertCards notices={shown} />
              {hidden > 0 && <p class="basis" data-figure="hidden-alerts">{t("hiddenAlerts", { n: hidden })}</p>}
            </div>
          )}
        </Panel>
        <div class="grid two">
          <Panel name="rooms" title={t("rooms")} data={rooms} isEmpty={(all) => !all.length}>
            {(all) => (
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("room")}</th><th scope="col" class="left">{t("brand")}</th>
                    <th scope="col">{metric("viewers_now")}</th><th scope="col">{metric("comments")}</th>
                    <th scope="col">{metric("orders")}</th><th scope="col">{metric("paid_gmv")}</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((room) => (
                    <tr key={room.room_id} data-room-id={room.room_id}>
                      <th scope="row" class="text"><a href={`/room/${encodeURIComponent(room.room_id)}`}><Plain>{room.room_id}</Plain></a>
                        {room.ended && <> <span class="badge">{t("ended")}</span></>}</th>
                      <td class="left text soft"><BrandName id={room.brand_id} /></td>
                      <td><b>{count(room.viewers)}</b></td>
                      <td>{count(room.comments)}</td>
                      <td>{count(room.orders)}</td>
                      <td>{money(room.paid_value, currencyOf(room.brand_id))}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Panel>
          <Panel name="brands" title={`${t("brands")} · ${t("textsHour")}`} data={brands} isEmpty={(all) => !all.length}>
            {(all) => (
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("brand")}</th><th scope="col">{t("texts")}</th><th scope="col">{t("sentiment")}</th>
                    <th scope="col">{t("negativeShare")}</th><th scope="col" class="left">{t("risks")}</th><th scope="col">{t("alerts")}</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((brand) => (
                    <tr key={brand.brand_id} data-brand-id={brand.brand_id}>
                      <th scope="row" class="text"><a href={`/brand/${encodeURIComponent(brand.brand_id)}`}><BrandName id={brand.brand_id} /></a></th>
                      <td>{count(brand.texts)}</td>
                      <td><SentimentBar counts={brand.sentiments} /></td>
                      <td>{percent(share(brand.sentiments, "negative"))}</td>
                      <td class="left text soft">{largest(brand.risks)}</td>
                      <td>{brand.firing ? <b>{count(brand.firing)}</b> : count(0)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Panel>
        </div>
      </div>
    </Shell>
  );
}

function bySeverity(counts: Record<string, number>): string {
  const told = Object.entries(counts).map(([name, n]) => `${t(name as Word)} ${count(n)}`).join(", ");
  return told ? `: ${told}` : "";
}

function largest(risks: Record<string, number>): string {
  const ordered = Object.entries(risks).sort(([, one], [, other]) => other - one).slice(0, 2);
  return ordered.map(([name, number]) => `${risk(name)} ${count(number)}`).join(", ");
}
