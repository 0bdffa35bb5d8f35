// How right the alerts were, by what people decided.
import { type JSX } from "preact";
import { count, percent } from "../format";
import { named, t } from "../i18n";
import { Panel } from "../panel";
import { Shell } from "../shell";
import { useLive } from "../stream";
import type { QualityPanels } from "../types";

export function QualityPage(): JSX.Element {
  const live = useLive<QualityPanels>("quality");
  const { rows } = live.panels;
  return (
    <Shell live={live} title={t("quality")} actions={<a class="button" href="/quality.csv">{t("qualityCsv")}</a>}>
      <Panel name="quality" title={t("quality")} data={rows} isEmpty={(all) => !all.length} empty="noQuality">
        {(all) => (
          <table>
            <thead><tr><th scope="col">{t("kind")}</th><th scope="col" class="left">{t("family")}</th><th scope="col">{t("decided")}</th><th scope="col">{t("acknowledged")}</th><th scope="col">{t("confirmed")}</th><th scope="col">{t("falseAlarm")}</th><th scope="col">{t("falseShare")}</th></tr></thead>
            <tbody>
              {all.map(({ quality, false_share }) => (
                <tr key={`${quality.kind} ${quality.family}`} data-kind={quality.kind}>
                  <th scope="row">{named(quality.kind)}</th><td class="left soft">{quality.family && named(quality.family)}</td>
                  <td>{count(quality.decided)}</td><td>{count(quality.acknowledged)}</td><td>{count(quality.confirmed)}</td>
                  <td>{count(quality.false_alarms)}</td><td><b>{percent(false_share)}</b></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
    </Shell>
  );
}
