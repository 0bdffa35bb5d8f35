// What brands are called, and the money they report in, by the catalogue; a brand that it does not name goes by its id.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { plain } from "./format";

interface KnownBrand {
  name: string;
  currency: string | null;
}
type Known = Record<string, KnownBrand>;

let asked: Promise<Known> | undefined;

const ask = (): Promise<Known> =>
  (asked ??= fetch("/api/names").then((answer) => (answer.ok ? (answer.json() as Promise<Known>) : {}), () => ({})));

function useKnown(): Known {
  const [known, setKnown] = useState<Known>({});
  useEffect(() => void ask().then(setKnown), []);
  return known;
}

const of = (known: Known, id: string): KnownBrand | undefined => (Object.hasOwn(known, id) ? known[id] : undefined);

/** A brand's name as a text; its id until the names are there. */
export const useBrandName = (id: string): string => of(useKnown(), id)?.name ?? id;

/** ISO 4217; undefined where nobody says which money it is. */
export const useCurrency = (id: string | null | undefined): string | undefined => of(useKnown(), id ?? "")?.currency ?? undefined;

/** For rows of several brands. */
export function useCurrencies(): (id: string) => string | undefined {
  const known = useKnown();
  return (id) => of(known, id)?.currency ?? undefined;
}

export function BrandName({ id }: { id: string }): JSX.Element {
  const name = useBrandName(id);
  return <bdi class="said" dir="auto" title={name === id ? undefined : id}>{plain(name)}</bdi>;
}
