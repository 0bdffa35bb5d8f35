// "The monitor is blind": what is not seen must not look like calm.
import { type JSX } from "preact";
import { useContext } from "preact/hooks";
import { count } from "./format";
import { t } from "./i18n";
import { Freshness } from "./panel";
import type { MonitorHealth } from "./types";

export function BlindBanner({ sight, always = false }: { sight: MonitorHealth | undefined; always?: boolean }): JSX.Element | null {
  const { freshness, trouble } = useContext(Freshness);
  const reasons = sight ? reasonsOf(sight) : [];
  if (freshness === "error" && trouble) reasons.unshift(t("blindRedis"));
  if (reasons.length) {
    return (
      <div class="banner blind" role="alert" data-sight="blind">
        <strong>{t("blind")}</strong>
        <ul>{reasons.map((reason) => <li>{reason}</li>)}</ul>
      </div>
    );
  }
  return always && sight ? <div class="banner fine" role="status" data-sight="sees">{t("sees")}</div> : null;
}

function reasonsOf({ kafka_trouble, silent_feeds, behind, quiet_ms, newest_ms }: MonitorHealth): string[] {
  return [
    ...(kafka_trouble ? [t("blindKafka")] : []),
    ...(silent_feeds ? [t("blindFeeds", { n: silent_feeds })] : []),
    ...(behind ? [t("blindLag", { n: count(behind) })] : []),
    ...(quiet_ms && newest_ms ? [t("blindSilence", { n: count(quiet_ms / 60_000) })] : []),
  ];
}
