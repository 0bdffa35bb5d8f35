// The door, where the console was given a token file.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { Shell } from "../shell";
import { post } from "../api";

export function LoginPage(): JSX.Element {
  const [failed, setFailed] = useState("");
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    const error = await post("/api/login", { token });
    setFailed(error ?? "");
    if (error === null) location.assign(wanted());
  };
  return (
    <Shell title={t("login")}>
      <section class="panel door" aria-label={t("login")}>
        <form class="fields" onSubmit={(event) => void enter(event)}>
          <label>{t("token")}<input name="token" type="password" required autocomplete="current-password" /></label>
          <button class="first">{t("login")}</button>
          {failed && <p class="state" role="alert">{failed}</p>}
          <p class="basis">{t("loginHelp")}</p>
        </form>
      </section>
    </Shell>
  );
}

/** Where the reader came from; never another site. */
function wanted(): string {
  const next = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return next.origin === location.origin ? next.pathname : "/";
}
