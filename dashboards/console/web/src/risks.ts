// The words of risk labels. Those that share a name with an alert's kind have words of their own.
import { named, t } from "./i18n";

export function risk(label: string): string {
  if (label === "privacy") return t("privacyRisk");
  return label === "crisis" ? t("crisisRisk") : named(label);
}
