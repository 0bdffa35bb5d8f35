// Minutes as lines or stacked bars (uPlot), in the page's colours; what it says is told in words beside it.
import { type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { count, percent as percentOf, time, when } from "./format";

export interface Series {
  label: string;
  /** The name of a CSS variable. */
  colour: string;
  values: readonly (number | null)[];
  kind?: "line" | "bars" | "dashes";
  /** Its own scale, at the right. */
  right?: boolean;
}

export interface Mark {
  ms: number;
  label: string;
}

interface Props {
  firstMs: number;
  stepMinutes?: number;
  series: Series[];
  /** What the chart says, for those who do not see it. */
  summary: string;
  stacked?: boolean;
  marks?: Mark[];
  height?: number;
}

export function Chart(props: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(latest, host), data(latest.current), host);
    };
    draw();
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: host.clientWidth, height: host.clientHeight }));
    sized.observe(host);
    addEventListener("theme", draw);
    return () => {
      sized.disconnect();
      removeEventListener("theme", draw);
      plot.current?.destroy();
    };
  }, [props.series.length]);
  useEffect(() => plot.current?.setData(data(props)), [props.firstMs, JSON.stringify(props.series), JSON.stringify(props.marks)]);

  return (
    <figure class="chart">
      <ul class="legend" aria-hidden="true">
        {props.series.map((one) => <li><i class={`swatch ${one.colour} ${one.kind ?? "line"}`} />{one.label}</li>)}
      </ul>
      <div ref={box} class={`plot ${(props.height ?? 160) > 200 ? "tall" : ""}`} role="img" aria-label={props.summary} />
    </figure>
  );
}

/** Stacked series are drawn as their running sums, the largest first, so that each covers all below it. */
function data({ firstMs, stepMinutes = 1, series, stacked }: Props): uPlot.AlignedData {
  const size = series[0]?.values.length ?? 0;
  const times = Array.from({ length: size }, (_, at) => firstMs / 1000 + at * 60 * stepMinutes);
  if (!stacked) return [times, ...series.map((one) => [...one.values])];
  const sums = Array<number>(size).fill(0);
  const layers = series.map((one) => one.values.map((value, at) => (sums[at] = (sums[at] ?? 0) + (value ?? 0))));
  return [times, ...layers.reverse()];
}

function options(latest: { current: Props }, host: HTMLElement): uPlot.Options {
  const { series, stacked } = latest.current;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("ink-soft"), font, ticks: { show: false } };
  const drawn = stacked ? [...series].reverse() : series;
  return {
    width: host.clientWidth || 300,
    height: host.clientHeight || 160,
    legend: { show: false },
    cursor: { y: false, points: { show: !stacked } },
    padding: [8, 14, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] }, right: { range: [0, 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 56, values: (_, seconds) => seconds.map((at) => time(at * 1000)) },
      {
        ...axis, size: 38, space: 32, incrs: WHOLE, grid: { stroke: colour("line"), width: 1 },
        values: (_, values) => values.map(compact),
      },
      ...(series.some((one) => one.right)
        ? [{ ...axis, scale: "right", side: 1 as const, size: 38, grid: { show: false },
             values: (_: uPlot, values: number[]) => values.map((value) => `${Math.round(value * 100)}%`) }]
        : []),
    ],
    series: [{}, ...drawn.map((one) => line(one, colour(one.colour)))],
    hooks: {
      init: [(plot) => plot.over.append(tip())],
      setCursor: [(plot) => point(plot, latest.current)],
      draw: [(plot) => marks(plot, latest.current.marks ?? [], colour("ink"))],
    },
  };
}

/** Counts have whole ticks. */
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

function tip(): HTMLElement {
  const box = document.createElement("div");
  box.className = "tip";
  box.hidden = true;
  return box;
}

/** Say the values of the minute that is pointed at, beside it. */
function point(plot: uPlot, { series }: Props): void {
  const box = plot.over.querySelector<HTMLElement>(".tip");
  const { idx, left = -1 } = plot.cursor;
  if (!box) return;
  box.hidden = idx === null || idx === undefined || left < 0;
  if (box.hidden) return;
  const at = idx as number;
  box.replaceChildren(
    paragraph(when((plot.data[0][at] ?? 0) * 1000)),
    ...series.map((one) => paragraph(`${one.label}: ${one.right ? percentOf(one.values[at]) : count(one.values[at])}`)),
  );
  const beyond = left > plot.over.clientWidth / 2;
  box.style.left = beyond ? "" : `${left + 12}px`;
  box.style.right = beyond ? `${plot.over.clientWidth - left + 12}px` : "";
}

function paragraph(text: string): HTMLElement {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function line(one: Series, stroke: string): uPlot.Series {
  const shared = { label: one.label, stroke, scale: one.right ? "right" : "y", spanGaps: true, points: { show: false } };
  if (one.kind === "bars") return { ...shared, fill: stroke, width: 0, paths: uPlot.paths.bars!({ size: [0.85, 14], align: 1 }) };
  return { ...shared, width: 2, ...(one.kind === "dashes" ? { dash: [5, 4], width: 1.5 } : {}) };
}

function marks(plot: uPlot, all: Mark[], stroke: string): void {
  const context = plot.ctx;
  context.save();
  context.strokeStyle = context.fillStyle = stroke;
  context.lineWidth = devicePixelRatio;
  context.textAlign = "left";
  context.setLineDash([]);
  const beside = 4 * devicePixelRatio, right = plot.bbox.left + plot.bbox.width;
  /** Where the words of each row end: those of neighbours stand below each other. */
  const rows: number[] = [];
  for (const mark of [...all].sort((one, other) => one.ms - other.ms)) {
    const at = Math.round(plot.valToPos(mark.ms / 1000, "x", true));
    if (at < plot.bbox.left || at > right) continue;
    const width = context.measureText(mark.label).width;
    const from = at + beside + width <= right ? at + beside : Math.max(plot.bbox.left, at - beside - width);
    const free = rows.findIndex((end) => end < from), row = free < 0 ? rows.length : free;
    rows[row] = from + width + beside;
    context.beginPath();
    context.moveTo(at, plot.bbox.top);
    context.lineTo(at, plot.bbox.top + plot.bbox.height);
    context.stroke();
    context.fillText(mark.label, from, plot.bbox.top + (10 + 13 * row) * devicePixelRatio);
  }
  context.restore();
}

const compact = (value: number): string =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : String(value);
