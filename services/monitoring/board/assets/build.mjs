// Bundles src/ with hashed names into the folder named by the first argument, and writes its manifest.
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const ENTRIES = ["board.css", "theme.js", "board.js"];
const out = process.argv[2];

const { metafile } = await build({
  entryPoints: ENTRIES.map((name) => `src/${name}`),
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
