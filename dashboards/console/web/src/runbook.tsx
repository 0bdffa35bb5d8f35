// A runbook's Markdown as elements: headings, lists, paragraphs, bold and code, as far as runbooks use it.
import { type JSX } from "preact";

export function Runbook({ text }: { text: string }): JSX.Element {
  return <div class="runbook" lang="en">{text.trim().split(/\n{2,}/).map(block)}</div>;
}

function block(text: string): JSX.Element {
  const lines = text.split("\n");
  const heading = /^(#+)\s+(.*)$/.exec(lines[0] ?? "");
  if (heading) return <h3>{words(heading[2] ?? "")}</h3>;
  const items = lines.findIndex((line) => /^(\d+\.|-)\s/.test(line));
  if (items < 0) return <p>{words(lines.join(" "))}</p>;
  const list = lines.slice(items).map((line) => <li>{words(line.replace(/^(\d+\.|-)\s+/, ""))}</li>);
  return (
    <>
      {items > 0 && <p>{words(lines.slice(0, items).join(" "))}</p>}
      {/^\d/.test(lines[items] ?? "") ? <ol>{list}</ol> : <ul>{list}</ul>}
    </>
  );
}

const words = (text: string): (string | JSX.Element)[] =>
  text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return <strong>{part.slice(2, -2)}</strong>;
    return part.startsWith("`") ? <code>{part.slice(1, -1)}</code> : part;
  });
