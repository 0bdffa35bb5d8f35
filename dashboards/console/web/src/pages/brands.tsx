// The catalogue: its brands, a text tried against it, and a form to change one or add one.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, type Answer } from "../api";
import { Moment, Plain } from "../alerts";
import { count, plain, when } from "../format";
import { reason, t, type Word } from "../i18n";
import { Panel } from "../panel";
import { Shell, useMe } from "../shell";
import { useLive } from "../stream";
import type { Brand, BrandsPanels } from "../types";

/** What the server says of a text's brand, and of a brand that was saved (pages/brands.py, commands.py). */
interface TriedBrand {
  brand_id: string;
  about: boolean;
  why: string;
}
interface SavedBrand {
  revision: string;
  wrong_examples: string[];
}

type Listed = "names" | "always" | "ambiguous" | "context" | "must" | "must_not" | "handles" | "hashtags" | "products" | "languages" | "rivals";
const LISTED: Listed[] = [
  "names", "always", "ambiguous", "context", "must", "must_not", "handles", "hashtags", "products", "languages", "rivals",
];
type Single = "display_name" | "jurisdiction" | "currency" | "time_zone";
const SINGLE: Single[] = ["display_name", "jurisdiction", "currency", "time_zone"];

export function BrandsPage(): JSX.Element {
  const [wanted, setWanted] = useState("");
  const [edited, setEdited] = useState<Brand | "new" | null>(null);
  const [leaving, setLeaving] = useState<Brand | null>(null);
  const [undoFailure, setUndoFailure] = useState("");
  // What was saved here is known before the page is sent anew.
  const [own, setOwn] = useState({ over: "", revision: "" });
  const live = useLive<BrandsPanels>("brands", wanted);
  const { head, brands, changes } = live.panels;
  const who = useMe();
  const status = head?.status;
  if (head && !status) {
    return (
      <Shell live={live} title={t("catalogue")} subtitle={t("noCatalogue")}>
        <p class="state empty" data-panel="head" data-state="empty">{t("noCatalogueHelp")}</p>
      </Shell>
    );
  }
  const revision = status && own.over === status.revision ? own.revision : (status?.revision ?? "");
  const mayEdit = who?.role === "operator";
  const bringBack = async (brand: Brand): Promise<void> => {
    const answer: Answer<SavedBrand> = await ask("/api/brands/save", { brand, revision });
    setUndoFailure(answer.error ?? "");
    if (answer.value && status) setOwn({ over: status.revision, revision: answer.value.revision });
  };
  return (
    <Shell
      live={live} title={t("catalogue")}
      subtitle={status && <>{t("inForce", { n: count(status.brands), time: when(status.since_ms) })} · <code>{plain(status.file)}</code></>}
      actions={mayEdit && <button onClick={() => setEdited("new")}>{t("newBrand")}</button>}
    >
      {status?.problem && <div class="banner blind" role="alert" data-figure="problem">{t("catalogueBroken")}<Plain>{reason(status.problem)}</Plain></div>}
      <div class="stack">
        {edited && status && (
          <BrandForm key={edited === "new" ? "" : edited.id} brand={edited === "new" ? null : edited} revision={revision} onEnd={() => setEdited(null)}
            onSaved={(saved) => setOwn({ over: status.revision, revision: saved })} />
        )}
        {leaving && status && (
          <Removal key={leaving.id} brand={leaving} revision={revision} onEnd={() => setLeaving(null)}
            onRemoved={(left) => { setOwn({ over: status.revision, revision: left }); setLeaving(null); }} />
        )}
        <TryText />
        <Panel
          name="brands" title={t("brands")} data={brands} isEmpty={({ shown }) => !shown.length} empty="noBrandFound"
          aside={<input type="search" aria-label={t("findBrand")} placeholder={t("findBrand")} maxLength={100} onInput={(event) => setWanted(event.currentTarget.value)} />}
        >
          {({ shown, hidden }) => (
            <>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("brand")}</th><th scope="col" class="left">{t("names_field")}</th><th scope="col" class="left">{t("ambiguous_field")}</th>
                    <th scope="col" class="left">{t("context_field")}</th><th scope="col" class="left">{t("rivals_field")}</th><th scope="col" />
                  </tr>
                </thead>
                <tbody>
                  {shown.map((one) => (
                    <tr key={one.id} data-brand-id={one.id}>
                      <th scope="row" class="text"><a href={`/brand/${encodeURIComponent(one.id)}`}><Plain>{one.display_name || one.id}</Plain></a>
                        <small> {one.display_name && <><Plain>{one.id}</Plain> </>}{[one.jurisdiction, one.currency, one.time_zone].filter(Boolean).join(" · ")}</small></th>
                      <Words of={[...(one.names ?? []), ...(one.always ?? []), ...(one.products ?? []), ...(one.handles ?? []).map((handle) => `@${handle}`)]} />
                      <Words of={one.ambiguous} /><Words of={one.context} /><Words of={one.rivals} />
                      <td>{mayEdit && (
                        <>
                          <button class="quiet" onClick={() => setEdited(one)} aria-label={t("editBrand", { name: plain(one.id) })}>{t("edit")}</button>{" "}
                          <button class="quiet" onClick={() => setLeaving(one)} aria-label={t("removeNamed", { name: plain(one.id) })}>{t("removeBrand")}</button>
                        </>
                      )}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {hidden > 0 && <p class="basis">{t("moreBrands", { n: count(hidden) })}</p>}
            </>
          )}
        </Panel>
        <Panel name="changes" title={t("brandChanges")} data={changes} isEmpty={(all) => !all.length} empty="noChanges">
          {(all) => (
            <>
              <ul class="plain">
                {all.map((one) => (
                  <li key={`${one.at_ms} ${one.brand_id}`}>
                    <Plain>{one.author}</Plain> · <b><Plain>{one.brand_id}</Plain></b>{" "}
                    {one.gone ? t("removed") : one.added ? t("addedBrand") : one.fields.map(label).join(", ")} · <Moment ms={one.at_ms} />{" "}
                    {one.removed && mayEdit && <Undo brand={one.removed} onClick={bringBack} />}
                  </li>
                ))}
              </ul>
              {undoFailure && <p class="state" role="alert">{undoFailure}</p>}
            </>
          )}
        </Panel>
        {who?.role === "viewer" && <p class="state">{t("onlyOperators")}</p>}
      </div>
    </Shell>
  );
}

const Undo = ({ brand, onClick }: { brand: Brand; onClick: (brand: Brand) => Promise<void> }): JSX.Element => (
  <button class="quiet" onClick={() => void onClick(brand)} aria-label={t("undoNamed", { name: plain(brand.id) })}>{t("undoRemoval")}</button>
);

interface RemovalProps {
  brand: Brand;
  revision: string;
  onEnd: () => void;
  onRemoved: (revision: string) => void;
}

/** What a removal does, and the button that does it. */
function Removal({ brand, revision, onEnd, onRemoved }: RemovalProps): JSX.Element {
  const [failure, setFailure] = useState("");
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const remove = async (): Promise<void> => {
    const answer: Answer<{ revision: string }> = await ask("/api/brands/remove", { brand_id: brand.id, revision });
    setFailure(answer.error ?? "");
    if (answer.value) onRemoved(answer.value.revision);
  };
  return (
    <section class="panel" role="alertdialog" aria-labelledby="removal" aria-describedby="removal-what" data-panel="removal">
      <header><h2 id="removal">{t("removeNamed", { name: plain(brand.display_name || brand.id) })}</h2></header>
      <p id="removal-what">{t("removeWhat")}</p>
      <div class="row">
        <button onClick={() => void remove()}>{t("removeNow")}</button>
        <button ref={first} onClick={onEnd}>{t("cancel")}</button>
      </div>
      {failure && <p class="state" role="alert"><Plain>{failure}</Plain></p>}
    </section>
  );
}

const Words = ({ of }: { of: string[] | undefined }): JSX.Element => (
  <td class="left text soft"><Plain>{(of ?? []).join(" · ")}</Plain></td>
);

const label = (field: string): string => (field === "own_accounts" || field in { ...FIELDS } ? t(`${field}_field` as Word) : field);
const FIELDS = Object.fromEntries([...LISTED, ...SINGLE].map((name) => [name, true]));

function TryText(): JSX.Element {
  const [found, setFound] = useState<TriedBrand[] | null>(null);
  const [failure, setFailure] = useState("");
  const attempt = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("text") ?? "");
    const answer: Answer<TriedBrand[]> = await ask("/api/brands/try", { text });
    setFailure(answer.error ?? "");
    setFound(answer.value ?? null);
  };
  return (
    <section class="panel" aria-labelledby="try-text" data-panel="try">
      <header><h2 id="try-text">{t("tryText")}</h2><div class="aside">{t("tryTextWhy")}</div></header>
      <form class="fields" onSubmit={(event) => void attempt(event as unknown as SubmitEvent)}>
        <p><textarea name="text" rows={3} required maxLength={5000} aria-labelledby="try-text" /></p>
        <button class="first">{t("tryIt")}</button>
        {failure && <p class="state" role="alert">{failure}</p>}
      </form>
      {found && (
        <ul class="tried" role="status" data-figure="tried">
          {found.length ? found.map((one) => (
            <li key={one.brand_id} data-brand-id={one.brand_id} data-about={one.about}>
              <span class="badge" data-up={one.about}>{t(one.about ? "aboutIt" : "notAboutIt")}</span>{" "}
              <b><Plain>{one.brand_id}</Plain></b>: <Plain>{one.why}</Plain>
            </li>
          )) : <li class="state">{t("noNameIn")}</li>}
        </ul>
      )}
    </section>
  );
}

interface FormProps {
  brand: Brand | null;
  revision: string;
  onEnd: () => void;
  onSaved: (revision: string) => void;
}

function BrandForm({ brand, revision, onEnd, onSaved }: FormProps): JSX.Element {
  const [seen, setSeen] = useState(revision);
  const [failure, setFailure] = useState("");
  const [saved, setSaved] = useState<SavedBrand | null>(null);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const answer: Answer<SavedBrand> = await ask("/api/brands/save", { brand: written(form, brand?.id), revision: seen });
    setFailure(answer.error ?? "");
    setSaved(answer.value ?? null);
    if (answer.value) {
      setSeen(answer.value.revision);
      onSaved(answer.value.revision);
    }
  };
  return (
    <section class="panel" aria-labelledby="brand-form" data-panel="form">
      <header><h2 id="brand-form">{brand ? t("editBrand", { name: plain(brand.id) }) : t("newBrand")}</h2></header>
      <form class="fields" onSubmit={(event) => void save(event as unknown as SubmitEvent)}>
        {!brand && <label>{t("brandId")}<input name="id" required maxLength={128} autocomplete="off" /></label>}
        {SINGLE.map((name) => (
          <label key={name}>{t(`${name}_field` as Word)}<input name={name} defaultValue={brand?.[name] ?? ""} maxLength={128} autocomplete="off" /></label>
        ))}
        {LISTED.map((name) => <Lines key={name} name={name} word={`${name}_field` as Word} of={brand?.[name]} />)}
        <Lines name="own_accounts" word="own_accounts_field" of={Object.entries(brand?.own_accounts ?? {}).map(([platform, ids]) => [platform, ...(ids ?? [])].join(" "))} />
        <Lines name="about" word="about_field" of={brand?.examples?.about} />
        <Lines name="not_about" word="not_about_field" of={brand?.examples?.not_about} />
        <div class="row">
          <button class="first">{t("saveBrand")}</button>
          <button type="button" onClick={onEnd}>{t("cancel")}</button>
        </div>
        {failure && <p class="state" role="alert">{failure}</p>}
        {saved && (
          <p class="state" role="status" data-figure="saved">{t("saved")}
            {saved.wrong_examples.length > 0 && <>. {t("wrongExamples")}{saved.wrong_examples.map((one) => <><br /><Plain>{one}</Plain></>)}</>}
          </p>
        )}
      </form>
    </section>
  );
}

function Lines({ name, word, of }: { name: string; word: Word; of: string[] | undefined }): JSX.Element {
  const lines = of ?? [];
  return (
    <label>{t(word)}
      <textarea name={name} rows={Math.min(6, Math.max(2, lines.length))} placeholder={t("onePerLine")} defaultValue={lines.join("\n")} />
    </label>
  );
}

/** The brand as the form has it; what is empty is left out. */
function written(form: FormData, id: string | undefined): Record<string, unknown> {
  const said = (name: string): string => String(form.get(name) ?? "").trim();
  const lines = (name: string): string[] => said(name).split("\n").map((line) => line.trim()).filter(Boolean);
  const accounts = lines("own_accounts").map((line) => line.split(/[\s:,]+/).filter(Boolean));
  const brand: Record<string, unknown> = {
    id: id ?? said("id"),
    own_accounts: Object.fromEntries(accounts.map(([platform = "", ...ids]) => [platform, ids])),
    examples: { about: lines("about"), not_about: lines("not_about") },
  };
  for (const name of LISTED) brand[name] = lines(name);
  for (const name of SINGLE) if (said(name)) brand[name] = said(name);
  return brand;
}
