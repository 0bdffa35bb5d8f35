// Bundles the pages into ../static: one script, one stylesheet, one document that names them by their content.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const OUT = new URL("../static/", import.meta.url);

const result = await build({
  entryPoints: ["src/main.tsx", "src/style.css"],
  bundle: true,
  minify: true,
  write: false,
  outdir: "out",
  target: "es2022",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  logLevel: "warning",
});

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
let page = readFileSync("index.html", "utf8");
for (const file of result.outputFiles) {
  const plain = file.path.split("/").at(-1);
  const mark = createHash("sha256").update(file.contents).digest("hex").slice(0, 12);
  const name = plain.replace(".", `.${mark}.`);
  writeFileSync(new URL(name, OUT), file.contents);
  page = page.replace(plain, name);
}
writeFileSync(new URL("icon.svg", OUT), readFileSync("icon.svg"));
writeFileSync(new URL("index.html", OUT), page);
