// Kpis as people read them. What is null is not known, or has a zero denominator: "–".
import { CURRENCY_SIGNS, MINOR_DIGITS } from "./generated";
import { language, t } from "./i18n";

const LOCALE = { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", en: "en-GB" }[language];
export const NOTHING = "–";
type Maybe = number | null | undefined;
export type Unit = "count" | "people" | "seconds" | "minor_units" | "share";

const rounded = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dated = new Intl.DateTimeFormat(LOCALE, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

const datedYear = new Intl.DateTimeFormat(LOCALE, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const dateSecond = new Intl.DateTimeFormat(LOCALE, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const full = new Intl.DateTimeFormat(LOCALE, {
  year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  hourCycle: "h23", timeZoneName: "short",
});

const known = (value: Maybe): value is number => value !== null && value !== undefined && Number.isFinite(value);

export const count = (value: Maybe): string => (known(value) ? rounded.format(value) : NOTHING);
export const decimal = (value: Maybe): string => (known(value) ? fine.format(value) : NOTHING);
/** Minor units of a currency (ISO 4217), as many decimals as it has, from ten thousand on none; of an unknown one, two. */
export function money(minor: Maybe, currency?: string): string {
  if (!known(minor)) return NOTHING;
  const digits = (currency === undefined ? undefined : MINOR_DIGITS[currency]) ?? 2;
  const units = Math.abs(minor) / 10 ** digits;
  const sign = currency === undefined ? "" : (CURRENCY_SIGNS[currency] ?? `${currency}\u00a0`);
  return `${minor < 0 ? "-" : ""}${sign}${(units < 10_000 ? withDecimals(digits) : rounded).format(units)}`;
}

const withDecimals = (digits: number): Intl.NumberFormat =>
  new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const percent = (share: Maybe): string => (known(share) ? `${fine.format(share * 100)} %` : NOTHING);

export function duration(seconds: Maybe): string {
  if (!known(seconds)) return NOTHING;
  const all = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  const two = (number: number): string => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const unit = (name: "hour" | "minute" | "second"): Intl.NumberFormat =>
  new Intl.NumberFormat(LOCALE, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 0 });

/** A stretch of time with its units, the two largest: 1 hr 5 mins, 2 mins, 45 secs. */
export function stretch(seconds: number): string {
  const all = Math.round(seconds);
  const parts = [[Math.floor(all / 3600), "hour"], [Math.floor((all % 3600) / 60), "minute"], [all % 60, "second"]] as const;
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return unit("second").format(0);
  return parts.slice(first, first + 2).filter(([number]) => number > 0).map(([number, name]) => unit(name).format(number)).join(" ");
}

export const time = (ms: number): string => clock.format(ms);
export const second = (ms: number): string => (isToday(ms) ? exact.format(ms) : dateSecond.format(ms));
export const date = (ms: number): string => (isThisYear(ms) ? dated : datedYear).format(ms);
/** A time of today as such, any other with its date. */
export const when = (ms: number): string => (isToday(ms) ? time(ms) : date(ms));
/** All of it, with the reader's zone: for those who point at it. */
export const whole = (ms: number): string => full.format(ms);

const isToday = (ms: number): boolean => new Date(ms).toDateString() === new Date().toDateString();
const isThisYear = (ms: number): boolean => new Date(ms).getFullYear() === new Date().getFullYear();

/** Unique people are estimated (HyperLogLog, standard error 0.81 %), and say so. */
export const estimate = (people: Maybe): string => (known(people) && people > 0 ? `≈ ${count(people)}` : count(people));

/** People who are counted one by one, not estimated. */
const EXACT_PEOPLE = new Set(["viewers_now", "viewers_peak", "new_followers"]);

/** A metric's value in its unit, as the dictionary of metrics has it. */
export function inUnit(unit: Unit, value: Maybe, id = "", currency?: string): string {
  if (unit === "people") return EXACT_PEOPLE.has(id) ? count(value) : estimate(value);
  if (unit === "minor_units") return money(value, currency);
  return { count, seconds: duration, share: percent }[unit](value);
}

export function ago(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1000));
  if (seconds < 5) return t("justNow");
  if (seconds < 90) return t("secondsAgo", { n: seconds });
  if (seconds < 5400) return t("minutesAgo", { n: Math.round(seconds / 60) });
  if (seconds < 48 * 3600) return t("hoursAgo", { n: Math.round(seconds / 3600) });
  return t("daysAgo", { n: Math.round(seconds / 86400) });
}

/** How a number moved: "+12 %", "−40 %", "=", or null where there is nothing to compare with. */
export function change(now: Maybe, before: Maybe): string | null {
  if (!known(now) || !known(before) || before === 0) return null;
  const moved = Math.round((now / before - 1) * 100);
  return moved === 0 ? "=" : `${moved > 0 ? "+" : "−"}${Math.abs(moved) > 999 ? ">999" : Math.abs(moved)} %`;
}

// Characters that change how what follows is read (bidi overrides and isolates), or that nobody sees.
const TRICKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** A text from outside, one visible character for each that plays tricks, so that spans keep their places. */
export const plain = (text: string): string => text.replace(TRICKS, "·");
