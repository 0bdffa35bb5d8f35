// What every page stands in: the way around, how fresh the figures are, and what the reader may choose.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LANGUAGES, language, t, type Language, type Word } from "./i18n";
import { Freshness } from "./panel";
import { chooseLanguage, chooseTheme, theme, type Theme } from "./settings";
import { me, post, type Me } from "./api";
import type { Live } from "./stream";

const PLACES: [string, Word][] = [
  ["/", "start"], ["/brands", "catalogue"], ["/campaigns", "campaigns"], ["/operations", "operations"], ["/quality", "quality"],
];
const THEMES: Record<Theme, Word> = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };

interface Props {
  live?: Live<unknown>;
  title: string;
  subtitle?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Shell({ live, title, subtitle, actions, children }: Props): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Pulsewatch`;
  }, [title]);
  const page = (
    <>
      <a class="skip" href="#content">{t("skip")}</a>
      <Bar live={live} />
      <main id="content" tabIndex={-1}>
        <div class="title">
          <div>
            <h1><bdi>{title}</bdi></h1>
            {subtitle && <p class="subtitle">{subtitle}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </div>
        {children}
      </main>
    </>
  );
  return live ? <Freshness.Provider value={live}>{page}</Freshness.Provider> : page;
}

function Bar({ live }: { live?: Live<unknown> | undefined }): JSX.Element {
  return (
    <header class="bar">
      <a class="mark" href="/" aria-label="Pulsewatch">
        <img src="/static/icon.svg" alt="" width="22" height="22" /><span>Pulsewatch</span>
      </a>
      <nav aria-label={t("pages")}>
        {PLACES.map(([path, word]) => (
          <a href={path} aria-current={location.pathname === path ? "page" : undefined}>{t(word)}</a>
        ))}
      </nav>
      <div class="choices">
        {live && <Connection live={live} />}
        <select aria-label={t("theme")} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
          {Object.entries(THEMES).map(([name, word]) => <option value={name} selected={name === theme}>{t(word)}</option>)}
        </select>
        <select aria-label={t("language")} onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}>
          {Object.entries(LANGUAGES).map(([name, word]) => (
            <option value={name} selected={name === language} lang={name}>{word}</option>
          ))}
        </select>
        <Account />
      </div>
    </header>
  );
}

function Connection({ live }: { live: Live<unknown> }): JSX.Element {
  const words: Record<Live<unknown>["freshness"], Word> = {
    loading: "connecting", live: "live", stale: "stale", error: "failed",
  };
  return (
    <span class="connection" data-freshness={live.freshness} role="status" title={live.trouble || undefined}>
      <i aria-hidden="true" />{t(words[live.freshness])}
    </span>
  );
}

function Account(): JSX.Element | null {
  const who = useMe();
  if (!who?.login || !who.name || !who.role) return null;
  const leave = async (): Promise<void> => {
    await post("/api/logout", {});
    location.assign("/login");
  };
  return <button class="quiet" onClick={() => void leave()}>{who.name} ({t(who.role)}) · {t("logout")}</button>;
}

export function useMe(): Me | null {
  const [who, setWho] = useState<Me | null>(null);
  useEffect(() => void me().then(setWho, () => undefined), []);
  return who;
}
