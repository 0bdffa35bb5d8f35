// The reader's language, and words in it.
import { WORDS, type Word } from "./words";

export type { Word };

export type Language = "zh-Hans" | "zh-Hant" | "en";
export const LANGUAGES: Record<Language, string> = { "zh-Hans": "简体", "zh-Hant": "繁體", en: "English" };
const COLUMN: Record<Language, 0 | 1 | 2> = { "zh-Hans": 0, "zh-Hant": 1, en: 2 };

export const language = chosen();

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("language");
  if (asked && asked in LANGUAGES) return asked as Language;
  const spoken = navigator.language.toLowerCase();
  if (!spoken.startsWith("zh")) return "en";
  return /hant|tw|hk|mo/.test(spoken) ? "zh-Hant" : "zh-Hans";
}

export function t(word: Word, filled: Record<string, string | number> = {}): string {
  return WORDS[word][COLUMN[language]].replace(/\{(\w+)\}/g, (_, name: string) => String(filled[name] ?? ""));
}

/** A name from the server that may have a word; else the name itself, which may be anything. */
export function named(name: string): string {
  return Object.hasOwn(WORDS, name) ? t(name as Word) : name;
}
