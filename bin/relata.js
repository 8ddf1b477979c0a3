#!/usr/bin/env node
// Starts relata on Node 24: from src/ in a clone, from dist/ in the published package. On an older Node it starts itself
// again on the `node` package that a clone installs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
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
    console.error(`error: relata needs Node 24 or newer; this is ${process.version} (${process.execPath})`);
    console.error(" help: install Node 24, or run `npm ci` in the clone, which brings one");
    process.exit(2);
  }
  // The IPC channel breaks when this process dies, even by SIGKILL: the inner one then stops as for SIGTERM.
  const child = spawn(bundled, [entry, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, RELATA_WRAPPED: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 70)));
}
