// Bundles each src/*.js, minified, into ../static/built/, with the style sheets of packages beside it and their licences in one file.
// What is there is replaced at once when all is built: a server that reads meanwhile finds the old files or the new ones.
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "static", "built");
const fresh = mkdtempSync(join(here, "node_modules", ".built-"));

const result = await build({
  absWorkingDir: here,
  entryPoints: readdirSync(join(here, "src")).filter((name) => name.endsWith(".js")).map((name) => `src/${name}`),
  outdir: fresh,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  chunkNames: "chunk-[hash]",
  target: ["chrome109", "firefox115", "safari16"],
  loader: { ".png": "dataurl", ".svg": "dataurl", ".gif": "dataurl" },
  legalComments: "none", // the licences stand in LICENSES.txt
  metafile: true,
  logLevel: "warning",
});

writeFileSync(join(fresh, "LICENSES.txt"), licences(Object.keys(result.metafile.inputs)));
chmodSync(fresh, 0o755); // a temporary folder is its owner's alone
const old = `${fresh}.old`;
if (existsSync(built)) renameSync(built, old);
renameSync(fresh, built);
rmSync(old, { recursive: true, force: true });

/** The folder of the package that a bundled file belongs to; nothing for a file of our own. */
function packageOf(path) {
  const parts = path.split(/[\\/]/);
  const last = parts.lastIndexOf("node_modules");
  if (last < 0) return "";
  return parts.slice(0, last + (parts[last + 1].startsWith("@") ? 3 : 2)).join(sep);
}

/** Name, version and licence of each package that has a file among the bundled ones. Fails on a package without a licence. */
function licences(paths) {
  const folders = [...new Set(paths.map(packageOf))].filter(Boolean).sort();
  return folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!license && !file) throw new Error(`${name} names no licence`);
    const text = file ? readFileSync(join(here, folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license ?? "see below"})\n\n${text}\n`;
  }).join(`\n${"-".repeat(80)}\n\n`);
}
