/**
 * Adds up the script a browser loads for each kind of route, gzipped, from the manifest of the build, and fails over
 * budget: the editor 900 KB, every other route 60 KB. The grammar counts for the editor; Monaco's worker starts only
 * for features this page leaves out (diffs, link detection), and is printed beside it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const KB = 1000;
const BUDGETS = { editor: 900 * KB, other: 60 * KB };
const EDITOR = "src/features/editor/EditorTab.tsx";

const out = resolve(process.argv[2] ?? process.env.PAGE_OUT ?? "../static");
const manifest = JSON.parse(readFileSync(join(out, ".vite/manifest.json"), "utf8"));
const size = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;

/** The scripts of a chunk and of all it imports; dynamic imports too where asked. */
function scripts(key, dynamic, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return seen;
  seen.add(key);
  for (const next of [...(chunk.imports ?? []), ...(dynamic ? (chunk.dynamicImports ?? []) : [])]) {
    scripts(next, dynamic, seen);
  }
  return seen;
}

const files = (keys) => [...keys].map((key) => manifest[key].file).filter((file) => file.endsWith(".js"));
const total = (keys) => files(keys).reduce((sum, file) => sum + size(file), 0);

const entry = scripts("index.html", false);
const routes = { "entry (lists, revisions, runs, audit)": [entry, BUDGETS.other] };
for (const key of manifest["index.html"].dynamicImports ?? []) {
  const keys = new Set([...entry, ...scripts(key, key === EDITOR)]);
  routes[key] = [keys, key === EDITOR ? BUDGETS.editor : BUDGETS.other];
}

let over = false;
for (const [name, [keys, budget]] of Object.entries(routes)) {
  const bytes = total(keys);
  over ||= bytes > budget;
  console.log(
    `${bytes > budget ? "OVER" : "ok  "} ${(bytes / KB).toFixed(1).padStart(7)} of ${budget / KB} KB  ${name}`,
  );
}
const workers = readdirSync(join(out, "assets")).filter((file) => file.includes("worker"));
for (const file of workers)
  console.log(`     ${(size(`assets/${file}`) / KB).toFixed(1).padStart(7)} KB on demand  ${file}`);
if (!manifest["index.html"].dynamicImports?.includes(EDITOR)) {
  console.error("the editor is no longer a chunk of its own");
  over = true;
}
process.exit(over ? 1 : 0);
