// The host's view: what happens in the room, readable at arm's length on a phone beside the camera.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Chart } from "../chart";
import { change, count, duration, estimate, inUnit, money, NOTHING, percent, plain, time, type Unit } from "../format";
import { SHOWN_ON } from "../generated";
import { metric, t, type Metric, type Word } from "../i18n";
import { SentimentHour } from "../sentiment";
import { AlertList, isOver, Plain } from "../alerts";
import { BrandName, useCurrency } from "../brand_names";
import { EstimateNotes, Estimated, RoughPeople, TotalLikes } from "../estimated";
import { Panel } from "../panel";
import { chooseSize, size, type Size } from "../settings";
import { Shell } from "../shell";
import { useLive } from "../stream";
import type { RoomPanels } from "../types";

const SIZES: Record<Size, Word> = { small: "sizeSmall", medium: "sizeMedium", large: "sizeLarge" };
/** The metric, its name in the panel, its unit. */
const COMPARED: [Metric, string, Unit][] = [
  ["viewers_peak", "peak", "people"], ...SHOWN_ON.comparison.map(([id, unit]): [Metric, string, Unit] => [id, id, unit]),
];
const STEPS = ["shown", "clickers", "carters", "orderers", "payers"] as const;

export function RoomPage({ id }: { id: string }): JSX.Element {
  const live = useLive<RoomPanels>("room", id);
  const { head, now, halves, minutes, questions, notices } = live.panels;
  const currency = useCurrency(head?.brand_id);
  if (head?.state === "unknown") {
    return (
      <Shell live={live} title={plain(id)} subtitle={t("noRoom")}>
        <p class="state empty" data-panel="head" data-state="empty">{t("noRoomHelp")}</p>
      </Shell>
    );
  }
  const firing = notices?.raised.filter((one) => one.state === "firing" && !isOver(one.state, one.decision)) ?? [];
  return (
    <Shell
      live={live} title={plain(id)} actions={<Sizes />}
      subtitle={head && (
        <>
          <span class="badge" data-room={head.state}>{t(head.state)}</span>{" "}
          {head.brand_id && <a href={`/brand/${encodeURIComponent(head.brand_id)}`}><BrandName id={head.brand_id} /></a>}
          {head.source && <> · <Plain>{head.source}</Plain></>} · {t("asOf", { time: time(head.as_of_ms) })}
        </>
      )}
    >
      <div class="host flow" data-as-of={head?.as_of_ms}>
        <div role="log" aria-live="assertive" aria-label={t("notices")} class="raised">
          {firing.length > 0 && <AlertList notices={firing} placed={false} />}
        </div>
        <Panel name="now" title={t("session")} data={now} isEmpty={isUntouched} wide>
          {(shown) => (
            <>
              <Tiles now={shown} currency={currency} halves={halves} viewers={minutes?.viewers ?? []} />
              <EstimateNotes of={["stay_seconds", "views", "likes", "gpm_pv", "entry_rate"]} figures={[shown.figures]} people namesHidden={shown.names_hidden} />
            </>
          )}
        </Panel>
        <Panel name="funnel" title={t("funnel")} data={now} aside={now && <RoughPeople hidden={now.names_hidden} />} isEmpty={({ figures }) => !figures.funnel.shown} empty="noProducts">
          {({ figures }) => <Funnel figures={figures} currency={currency} />}
        </Panel>
        <Panel
          name="mood" title={t("moodHour")} data={minutes} empty="noComments"
          isEmpty={({ moods }) => ![...moods.negative, ...moods.neutral, ...moods.positive].some(Boolean)}
        >
          {({ first_ms, moods }) => <SentimentHour firstMs={first_ms} moods={moods} />}
        </Panel>
        <Panel name="questions" title={t("questions")} data={questions} isEmpty={(all) => !all.length} empty="noQuestions" aside={t("asked")}>
          {(all) => (
            <ol class="questions">
              {all.map((one) => (
                <li key={one.text}>
                  <Plain>{one.text}</Plain>
                  <span class="figures">
                    <b>{t("times", { n: one.times })}</b>
                    {one.before > 0 && <small>{t("before", { n: one.before })}</small>}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </Panel>
        <Panel name="halves" title={t("againstBefore")} data={halves}>
          {({ last, before }) => <Halves last={last} before={before} currency={currency} />}
        </Panel>
        <Panel
          name="audience" title={t("audience")} data={minutes} empty="noViewers"
          isEmpty={({ viewers }) => viewers.every((value) => value === null)}
        >
          {({ first_ms, viewers, comments }) => (
            <Chart
              firstMs={first_ms} summary={`${metric("viewers_now")}: ${count(viewers.at(-1))}`}
              series={[
                { label: metric("viewers_now"), colour: "series-1", values: viewers },
                { label: metric("comments"), colour: "series-2", values: comments, kind: "dashes" },
              ]}
            />
          )}
        </Panel>
        <Panel
          name="notices" title={t("notices")} data={notices} empty="noNotices"
          isEmpty={({ raised, platform }) => !raised.length && !platform.length}
        >
          {({ raised, platform }) => (
            <>
              <AlertList notices={raised} placed={false} />
              <ul class="plain">
                {platform.map(([at, n]) => <li key={at}><time>{time(at)}</time> {t("platformNotice", { n })}</li>)}
              </ul>
            </>
          )}
        </Panel>
      </div>
    </Shell>
  );
}

const isUntouched = ({ figures, sums }: RoomPanels["now"]): boolean =>
  figures.viewers_now === null && Object.values(sums).every((sum) => sum === 0);

/** In which money the brand reports; undefined where nobody says. */
interface Money {
  currency: string | undefined;
}

function Sizes(): JSX.Element {
  const [chosen, choose] = useState(size);
  return (
    <div class="sizes" role="group" aria-label={t("textSize")}>
      {Object.entries(SIZES).map(([name, word]) => (
        <button
          class={name} aria-pressed={chosen === name} aria-label={t(word)}
          onClick={() => { chooseSize(name as Size); choose(name as Size); }}
        >A</button>
      ))}
    </div>
  );
}

/** A figure as large as the reader chose, and never wider than its tile: a style sheet cannot count characters. */
const Value = ({ children }: { children: string }): JSX.Element => (
  <span class="value" style={{ "--chars": String(Math.max(3, children.length)) }}>{children}</span>
);

interface TileProps {
  name: string;
  label: string;
  value: string;
  moved?: string | null;
  children?: ComponentChildren;
}

function Tile({ name, label, value, moved, children }: TileProps): JSX.Element {
  return (
    <div class="tile" data-figure={name}>
      <dt>{label}</dt>
      <dd>
        <Value>{value}</Value>
        {moved && <span class="moved" title={t("againstBefore")}>{moved}</span>}
        {children && <small>{children}</small>}
      </dd>
    </div>
  );
}

function Tiles({ now, halves, viewers, currency }: { now: RoomPanels["now"]; halves: RoomPanels["halves"] | undefined; viewers: (number | null)[] } & Money): JSX.Element {
  const { figures, sums, fakes } = now;
  const moved = (name: string): string | null => (halves ? change(halves.last[name], halves.before[name]) : null);
  return (
    <dl class="tiles">
      <div class="tile hero" data-figure="viewers_now">
        <dt>{metric("viewers_now")}</dt>
        <dd>
          <Value>{count(figures.viewers_now)}</Value>
          <Spark values={viewers} />
          <small data-figure="viewers_peak">{t("peak")} <b>{count(figures.viewers_peak)}</b></small>
        </dd>
      </div>
      <Tile name="stay_seconds" label={metric("stay_seconds")} value={duration(figures.stay_seconds)}>
        <Estimated of="stay_seconds" figures={figures} />
      </Tile>
      <Tile name="interaction_rate" label={metric("interaction_rate")} value={percent(figures.interaction_rate)}>
        <span data-figure="unique_viewers">{estimate(now.viewers)} {t("viewers")}</span>
        <RoughPeople hidden={now.names_hidden} />
      </Tile>
      <Tile name="new_followers" label={metric("new_followers")} value={count(now.new_followers)} moved={moved("follows")}>
        {metric("follow_rate")} {percent(figures.follow_rate)} <RoughPeople hidden={now.names_hidden} />
      </Tile>
      <Tile name="gifts" label={metric("gifts")} value={count(sums.gifts)} moved={moved("gifts")}>{money(sums.gift_value, currency)}</Tile>
      <Tile name="views" label={metric("views")} value={count(figures.arrivals)} moved={moved("views")}>
        <Estimated of="views" figures={figures} />
        <Fake of="enters" fakes={fakes} />
      </Tile>
      <Tile name="comments" label={metric("comments")} value={count(sums.comments)} moved={moved("comments")}>
        <Fake of="comments" fakes={fakes} />
      </Tile>
      <Tile name="likes" label={metric("likes")} value={count(sums.likes)} moved={moved("likes")}>
        <TotalLikes figures={figures} />
        <Estimated of="likes" figures={figures} />
        <Fake of="likes" fakes={fakes} />
      </Tile>
      <Tile name="paid_gmv" label={metric("paid_gmv")} value={money(figures.paid_gmv, currency)} moved={moved("paid_value")}>
        {count(sums.payments)} {metric("payments")}
      </Tile>
      <Tile name="orders" label={metric("orders")} value={count(sums.orders)} moved={moved("orders")} />
      <Tile name="gpm_pv" label={metric("gpm_pv")} value={money(figures.gpm_pv, currency)}>
        {metric("gpm_uv")} {money(figures.gpm_uv, currency)} <Estimated of="gpm_pv" figures={figures} /> <RoughPeople hidden={now.names_hidden} />
      </Tile>
      <Tile name="viewer_value" label={metric("viewer_value")} value={money(figures.viewer_value, currency)}>
        <RoughPeople hidden={now.names_hidden} />
      </Tile>
    </dl>
  );
}

type Fakes = RoomPanels["now"]["fakes"];

/** The inauthentic share of a figure lately; nothing where there was too little to tell. */
function Fake({ of, fakes }: { of: keyof Fakes; fakes: Fakes }): JSX.Element | null {
  const found = fakes[of];
  if (!found) return null;
  return (
    <abbr class={found.alarming ? "fake alarming" : "fake"} title={t("fakeWhy")} data-figure={`fake-${of}`}>
      {t("fake")} <b>{percent(found.share)}</b>
    </abbr>
  );
}

/** The hour's viewers as a line without axes. */
function Spark({ values }: { values: (number | null)[] }): JSX.Element | null {
  const known = values.map((value, at) => [at, value] as const).filter((point): point is readonly [number, number] => point[1] !== null);
  if (known.length < 2) return null;
  const most = Math.max(...known.map(([, value]) => value), 1);
  const [first, last] = [known[0]![0], known.at(-1)![0]];
  const points = known.map(([at, value]) => `${((at - first) / (last - first)) * 100},${30 - (value / most) * 28}`);
  return <svg class="spark" viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true"><polyline points={points.join(" ")} /></svg>;
}

function Funnel({ figures, currency }: { figures: RoomPanels["now"]["figures"] } & Money): JSX.Element {
  const { funnel } = figures;
  return (
    <>
      <ol class="funnel">
        {STEPS.map((step, at) => {
          const before = at ? funnel[STEPS[at - 1]!] : 0;
          return (
            <li key={step} data-figure={step}>
              <span class="step">{metric(step)}</span>
              <meter min={0} max={Math.max(1, funnel.shown)} value={funnel[step]} aria-label={metric(step)} />
              <b>{estimate(funnel[step])}</b>
              <small title={t("ofStep")}>{at ? (before ? percent(funnel[step] / before) : NOTHING) : ""}</small>
            </li>
          );
        })}
      </ol>
      <dl class="pairs">
        <div data-figure="click_rate"><dt>{metric("click_rate")}</dt><dd>{percent(figures.click_rate)}</dd></div>
        <div data-figure="conversion_rate"><dt>{metric("conversion_rate")}</dt><dd>{percent(figures.conversion_rate)}</dd></div>
        <div data-figure="entry_rate"><dt>{metric("entry_rate")}</dt><dd>{percent(figures.entry_rate)} <Estimated of="entry_rate" figures={figures} /></dd></div>
        <div data-figure="buyer_value"><dt>{metric("buyer_value")}</dt><dd>{money(figures.buyer_value, currency)}</dd></div>
        <div data-figure="net_gmv"><dt>{metric("net_gmv")}</dt><dd>{money(figures.net_gmv, currency)}</dd></div>
        <div data-figure="refund_rate"><dt>{metric("refund_rate")}</dt><dd>{percent(figures.refund_rate)}</dd></div>
      </dl>
    </>
  );
}

function Halves({ last, before, currency }: RoomPanels["halves"] & Money): JSX.Element {
  return (
    <table>
      <thead>
        <tr><td /><th scope="col">{t("lastTen")}</th><th scope="col">{t("tenBefore")}</th><th scope="col">{t("change")}</th></tr>
      </thead>
      <tbody>
        {COMPARED.map(([id, key, unit]) => (
          <tr key={key} data-figure={`ten-${key}`}>
            <th scope="row">{metric(id)}</th>
            <td>{inUnit(unit, last[key], id, currency)}</td>
            <td class="soft">{inUnit(unit, before[key], id, currency)}</td>
            <td class="soft">{change(last[key], before[key]) ?? NOTHING}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

