// What a reader chose: text size, appearance, language. Kept in the browser, for it is theirs.
import type { Language } from "./i18n";

export type Size = "small" | "medium" | "large";
export type Theme = "auto" | "light" | "dark";

const root = document.documentElement;
const asked = new URLSearchParams(location.search);
const system = matchMedia("(prefers-color-scheme: dark)");

export const size = (asked.get("size") ?? localStorage.getItem("size") ?? "medium") as Size;
export let theme = (asked.get("theme") ?? localStorage.getItem("theme") ?? "auto") as Theme;

export function apply(language: Language): void {
  root.lang = language;
  root.dataset.size = size;
  showTheme();
  system.addEventListener("change", showTheme);
}

// "auto" is resolved here, so that the style sheet has each palette once.
function showTheme(): void {
  root.dataset.theme = theme !== "auto" ? theme : system.matches ? "dark" : "light";
  dispatchEvent(new Event("theme"));
}

export function chooseSize(chosen: Size): void {
  localStorage.setItem("size", chosen);
  root.dataset.size = chosen;
}

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem("theme", chosen);
  theme = chosen;
  showTheme();
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem("language", chosen);
  const here = new URL(location.href);
  here.searchParams.delete("lang");
  location.replace(here);
}
