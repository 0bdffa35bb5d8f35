// The reader's language, and words in it.
import { FAMILIES, KINDS, METRICS, PLATFORMS, REFUSALS, TRADITIONAL } from "./generated";
import { WORDS, type Word } from "./words";

export type { Word };

export type Language = "zh-Hans" | "zh-Hant" | "en";
export type Metric = keyof typeof METRICS;
export type Kind = keyof typeof KINDS;
export const LANGUAGES: Record<Language, string> = { "zh-Hans": "简体", "zh-Hant": "繁體", en: "English" };

export const language = chosen();

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("language");
  if (asked && asked in LANGUAGES) return asked as Language;
  const spoken = navigator.language.toLowerCase();
  if (!spoken.startsWith("zh")) return "en";
  return /hant|tw|hk|mo/.test(spoken) ? "zh-Hant" : "zh-Hans";
}

function said([chinese, english]: readonly [string, string]): string {
  if (language === "en") return english;
  return language === "zh-Hant" ? (TRADITIONAL[chinese] ?? chinese) : chinese;
}

/** A word, its places filled; of "one|many" the one for n = 1. */
export function t(word: Word, filled: Record<string, string | number> = {}): string {
  const forms = said(WORDS[word]).split("|");
  return fill((String(filled.n) === "1" ? forms[0] : forms.at(-1)) ?? "", filled);
}

const fill = (form: string, filled: Record<string, string | number>): string =>
  form.replace(/\{(\w+)\}/g, (_, name: string) => String(filled[name] ?? ""));

/** Why something was not done, in the reader's language; one that no page has a sentence for is said to be English. */
export function reason({ error = "", why = "", facts = {} }: { error?: string; why?: string; facts?: Readonly<Record<string, unknown>> }): string {
  if (language === "en" && error) return error;
  if (!Object.hasOwn(REFUSALS, why)) return error && t("inEnglish", { text: error });
  const filled = Object.entries(facts).map(([name, fact]) => [name, name === "scope" ? named(String(fact)) : factOf(fact)]);
  return fill(said(REFUSALS[why as keyof typeof REFUSALS]), Object.fromEntries(filled) as Record<string, string>);
}

/** A fact as it stands in a sentence; a list is one of reasons. */
const factOf = (fact: unknown): string => (Array.isArray(fact) ? fact.map(reason).join("；") : String(fact));

export const metric = (id: Metric): string => said(METRICS[id]);
export const kind = (id: Kind): string => said(KINDS[id]);

/** Whether a name of a rule family or an alert kind. */
export const isRuleName = (name: string): boolean => Object.hasOwn(FAMILIES, name) || Object.hasOwn(KINDS, name);

/** A name from the server that may have a word; else the name itself, which may be anything, without its underscores. */
export function named(name: string): string {
  if (Object.hasOwn(WORDS, name)) return t(name as Word);
  if (Object.hasOwn(KINDS, name)) return kind(name as Kind);
  if (Object.hasOwn(FAMILIES, name)) return said(FAMILIES[name as keyof typeof FAMILIES]);
  if (Object.hasOwn(PLATFORMS, name)) return said(PLATFORMS[name as keyof typeof PLATFORMS]);
  return Object.hasOwn(METRICS, name) ? metric(name as Metric) : name.replaceAll("_", " ");
}
