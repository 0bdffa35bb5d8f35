// A runbook's Markdown as elements: headings, lists, paragraphs, bold and code, as far as runbooks use it.
import { type JSX } from "preact";
import { isRuleName, named } from "./i18n";

type Block = { kind: "h3" | "p" | "ol" | "ul"; lines: string[] };
const KINDS: [RegExp, Block["kind"]][] = [[/^#+\s+/, "h3"], [/^\d+\.\s+/, "ol"], [/^\s*[-*]\s+/, "ul"]];

export function Runbook({ text, lang }: { text: string; lang: string }): JSX.Element {
  return <div class="runbook" lang={lang}>{blocks(text).map(element)}</div>;
}

/** Lines of one kind that follow each other; a line that begins nothing goes on with the one before. */
function blocks(text: string): Block[] {
  const found: Block[] = [];
  let apart = true;
  for (const line of text.split("\n")) {
    const [mark, kind] = KINDS.find(([pattern]) => pattern.test(line)) ?? [/^\s*/, "p" as const];
    const last = found.at(-1);
    const words = line.replace(mark, "");
    if (!line.trim()) apart = true;
    else {
      if (last && last.kind !== "h3" && kind === "p" && !apart) last.lines.push(`${last.lines.pop() ?? ""} ${words}`);
      else if (last && last.kind === kind && kind !== "h3" && kind !== "p") last.lines.push(words);
      else found.push({ kind, lines: [words] });
      apart = false;
    }
  }
  return found;
}

function element({ kind, lines }: Block): JSX.Element {
  const items = lines.map((line) => <li>{inline(line)}</li>);
  if (kind === "ol") return <ol>{items}</ol>;
  if (kind === "ul") return <ul>{items}</ul>;
  return kind === "h3" ? <h3>{inline(lines.join(" "))}</h3> : <p>{inline(lines.join(" "))}</p>;
}

const inline = (text: string): (string | JSX.Element)[] =>
  text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return <strong>{part.slice(2, -2)}</strong>;
    if (!part.startsWith("`")) return part;
    const name = part.slice(1, -1);
    return isRuleName(name) ? <em>{named(name)}</em> : <code>{name}</code>;
  });
