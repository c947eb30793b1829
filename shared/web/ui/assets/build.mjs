// Bundles src/ and the sheets of services with hashed names, and writes their manifest:
//   node build.mjs FOLDER [SHEET ...]
import { writeFile } from "node:fs/promises";
import { basename, join, parse } from "node:path";
import { build } from "esbuild";

const ENTRIES = ["ui.css", "theme.js", "ui.js"];
const [out, ...sheets] = process.argv.slice(2);

const { metafile } = await build({
  entryPoints: [...ENTRIES.map((name) => `src/${name}`), ...sheets].map((path) => ({ in: path, out: parse(path).name })),
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16.4"],
  charset: "utf8",
  loader: { ".woff2": "file" },
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "fonts/[name]-[hash]",
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint && !path.endsWith(".txt")) manifest[basename(entryPoint)] = basename(path);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
