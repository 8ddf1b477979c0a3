#!/usr/bin/env node
// Starts relata on Node 24: from src/ in a clone, from dist/ in the published package. On an older Node it starts itself
// again on the `node` package that a clone installs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src", "main.ts");
const entry = existsSync(source) ? source : join(root, "dist", "main.js");

if (Number(process.versions.node.split(".")[0]) >= 24) {
  await import(pathToFileURL(entry).href);
} else {
  const bundled = join(root, "node_modules", "node", "bin", "node");
  if (!existsSync(bundled)) {
    console.error(`relata needs Node 24 or newer; this is ${process.version} (${process.execPath}).`);
    process.exit(1);
  }
  const child = spawn(bundled, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
