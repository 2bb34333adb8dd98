// Bundles src/ into the one file that the Python package serves, stamped with the hash of its sources so that
// tests/test_widget.py notices a stale build without Node.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const here = new URL(".", import.meta.url);
const out = new URL("../assistant/serving/web/static/onlabel-chat.js", here);
const LIMIT = 40_000;

const hash = createHash("sha256");
for (const name of readdirSync(new URL("src/", here)).sort()) {
  hash.update(`${name}\0`).update(readFileSync(new URL(`src/${name}`, here), "utf8").replaceAll("\r\n", "\n")).update("\0");
}
mkdirSync(new URL(".", out), { recursive: true });
await build({
  entryPoints: [new URL("src/main.ts", here).pathname],
  outfile: out.pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome105", "firefox110", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/*! onlabel-chat, Apache-2.0. Sources: widget/src, SHA-256 ${hash.digest("hex")} */` },
});
const size = gzipSync(readFileSync(out), { level: 9 }).length;
console.log(`onlabel-chat.js: ${size} bytes compressed`);
if (size >= LIMIT) {
  console.error(`more than ${LIMIT} bytes`);
  process.exit(1);
}
