// Figures that are estimated wear a mark, and a line below says why: a tooltip alone is nothing on a phone.
import type { JSX } from "preact";
import { count } from "./format";
import { metric, t, type Metric, type Word } from "./i18n";
import type { Kpis } from "./types";

/** Why a figure is estimated; null where it was counted. */
function reason(of: Metric, { stay_estimated, arrivals_estimated, likes_estimated }: Kpis): Word | null {
  if (of === "stay_seconds") return stay_estimated ? "estimatedWhy" : null;
  if (of === "likes") return likes_estimated ? "likesSampledWhy" : null;
  return arrivals_estimated && (of === "views" || of === "gpm_pv" || of === "entry_rate") ? "sampledWhy" : null;
}

export function Estimated({ of, figures }: { of: Metric; figures: Kpis }): JSX.Element | null {
  const why = reason(of, figures);
  return why && <abbr title={t(why)} class="estimated">≈ {t("estimated")}</abbr>;
}

/** What counts people, or is a share or a mean of them. */
const OF_PEOPLE: ReadonlySet<Metric> = new Set<Metric>([
  "viewers", "interacting", "interaction_rate", "new_followers", "follow_rate", "shown", "clickers", "click_rate", "carters",
  "orderers", "payers", "conversion_rate", "gpm_uv", "viewer_value", "buyer_value",
]);

/** The mark of a figure that counts people, where the platform hides who some of them are. */
export const RoughPeople = ({ of = "viewers", hidden }: { of?: Metric; hidden: boolean | undefined }): JSX.Element | null =>
  hidden && OF_PEOPLE.has(of) ? <abbr title={t("namesHiddenWhy")} class="estimated">≈ {t("estimated")}</abbr> : null;

/** The platform's own total of likes, which the figure goes by. */
export const TotalLikes = ({ figures: { likes_total } }: { figures: Kpis }): JSX.Element | null =>
  likes_total === null ? null : <abbr title={t("likesTotalWhy")} class="estimated" data-figure="likes_total">Σ {t("likesSoFar", { n: count(likes_total) })}</abbr>;

/** What the marks mean, of those figures that wear one. */
export function EstimateNotes({ of, figures, people, namesHidden }: { of: Metric[]; figures: Kpis[]; people?: boolean; namesHidden?: boolean }): JSX.Element | null {
  const marked = of.flatMap((id) => {
    const why = figures.map((one) => reason(id, one)).find((one) => one !== null);
    return why ? [[id, why] as const] : [];
  });
  const totals = of.includes("likes") && figures.some(({ likes_total }) => likes_total !== null);
  if (!marked.length && !people && !totals) return null;
  return (
    <p class="legend" data-notes="estimated">
      {people && <span>≈ {t("peopleWhy")}</span>}
      {namesHidden && <span data-figure="names-hidden">≈ {t("namesHiddenWhy")}</span>}
      {marked.map(([id, why]) => <span key={id}>≈ {metric(id)}{t("colon")}{t(why)}</span>)}
      {totals && <span>Σ {metric("likes")}{t("colon")}{t("likesTotalWhy")}</span>}
    </p>
  );
}
