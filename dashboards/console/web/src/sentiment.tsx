// Sentiment: shares with the count that they rest on, and how they went, minute by minute.
import { type JSX } from "preact";
import { Chart } from "./chart";
import { count, percent } from "./format";
import { t } from "./i18n";
import type { SentimentMinutes } from "./types";

export const SENTIMENTS = ["negative", "neutral", "positive"] as const;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The part of the scored texts with this sentiment; null where none was scored. */
export function share(counts: Record<string, number>, name: string): number | null {
  const whole = SENTIMENTS.reduce((sum, one) => sum + (counts[one] ?? 0), 0);
  return whole ? (counts[name] ?? 0) / whole : null;
}

export function SentimentBar({ counts }: { counts: Record<string, number | undefined> }): JSX.Element {
  const scored = SENTIMENTS.reduce((sum, one) => sum + (counts[one] ?? 0), 0);
  const words = SENTIMENTS.map((one) => `${t(one)} ${percent(scored ? (counts[one] ?? 0) / scored : null)}`).join(", ");
  return (
    <svg class="moodbar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={words}>
      {SENTIMENTS.reduce<{ at: number; bars: JSX.Element[] }>(({ at, bars }, one) => {
        const width = scored ? ((counts[one] ?? 0) / scored) * 100 : 0;
        return { at: at + width, bars: [...bars, <rect class={one} x={at} y="0" width={width} height="8" />] };
      }, { at: 0, bars: [] }).bars}
    </svg>
  );
}

export function SentimentShares({ counts }: { counts: Record<string, number | undefined> }): JSX.Element {
  const scored = SENTIMENTS.reduce((sum, one) => sum + (counts[one] ?? 0), 0);
  return (
    <>
      <SentimentBar counts={counts} />
      <dl class="pairs moods">
        {SENTIMENTS.map((one) => (
          <div key={one} data-figure={`mood-${one}`}>
            <dt><i class={`swatch bars mood-${one}`} />{t(one)}</dt>
            <dd>{percent(scored ? (counts[one] ?? 0) / scored : null)} <small>{count(counts[one] ?? 0)}</small></dd>
          </div>
        ))}
      </dl>
      <p class="basis">{t("restsOn", { n: count(scored) })}</p>
    </>
  );
}

export function SentimentHour({ firstMs, moods }: { firstMs: number; moods: SentimentMinutes }): JSX.Element {
  const counts = { negative: total(moods.negative), neutral: total(moods.neutral), positive: total(moods.positive) };
  return (
    <>
      <SentimentShares counts={counts} />
      <Chart
        firstMs={firstMs} stacked summary={SENTIMENTS.map((one) => `${t(one)}: ${counts[one]}`).join(", ")}
        series={SENTIMENTS.map((one) => ({ label: t(one), colour: `mood-${one}`, values: moods[one], kind: "bars" as const }))}
      />
    </>
  );
}
