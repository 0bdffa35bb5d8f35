// Whether a campaign is planned, running or over, as a badge.
import type { JSX } from "preact";
import { t } from "./i18n";
import type { CampaignLine } from "./types";

export const Status = ({ of }: { of: CampaignLine["status"] }): JSX.Element => (
  <span class="badge" data-campaign={of}>{t(of)}</span>
);
