import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { badInput } from "../exit.ts";

/** The address of a Unix socket must be shorter than 104 bytes on macOS and 108 on Linux. */
const MAX_SOCKET_BYTES = 100;
const ANSWER_TIMEOUT_MS = 2_000;

/** Held by the one `relata dev` of a data directory. It ends with its process, however that ends. */
export interface DirectoryLock {
  /** What the next one to come is told of this one. */
  announce(text: string): void;
  release(): Promise<void>;
}

/**
 * A Unix socket in the directory: whoever can connect finds a living owner, who says where it serves. Unlike a pid file
 * it cannot name a process that is long gone.
 * @throws CliError when another process holds it.
 */
export async function lockDirectory(dataDir: string): Promise<DirectoryLock> {
  await makeDirectory(dataDir);
  const path = socketPath(dataDir);
  let announcement = `process ${process.pid}, still starting`;
  const server = createServer((socket) => socket.end(announcement));
  const owner = await listenUnlessOwned(server, path).catch((error: unknown) => {
    throw unusable(dataDir, error);
  });
  if (owner !== undefined) throw taken(dataDir, owner);
  server.unref();
  return {
    announce: (text) => {
      announcement = text;
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Closed to other accounts, except under root: PostgreSQL then runs as one of them, in a folder that is closed. */
async function makeDirectory(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o755 : 0o700 });
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

function unusable(dataDir: string, error: unknown): Error {
  const why = error instanceof Error ? error.message.replace(/,.*$/, "") : String(error);
  return badInput(`the data directory cannot be used: ${why}`, {
    where: dataDir,
    hint: "name one that this account may write to with --data-dir",
    cause: error,
  });
}

function taken(dataDir: string, owner: string): Error {
  return badInput(`relata dev already runs on this data directory: ${owner}`, {
    where: dataDir,
    hint: "use that one, stop it, or give this one a directory of its own with --data-dir",
  });
}

/** Undefined once it listens; else what the process that does has to say. A socket nobody serves is replaced. */
async function listenUnlessOwned(server: Server, path: string): Promise<string | undefined> {
  if (await tryListen(server, path)) return undefined;
  const owner = await askOwner(path);
  if (owner !== undefined) return owner;
  await rm(path, { force: true });
  return (await tryListen(server, path)) ? undefined : "a process that started at the same moment";
}

function tryListen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error));
    server.once("error", fail);
    server.listen(path, () => {
      server.off("error", fail);
      resolve(true);
    });
  });
}

/** What the owner says; undefined when nobody listens there any more. */
function askOwner(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(path);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on("data", (chunk) => {
      said += chunk.toString("utf8");
    });
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(said === "" ? "a process that does not answer" : said));
  });
}

function socketPath(dataDir: string): string {
  const path = join(dataDir, "dev.sock");
  if (Buffer.byteLength(path) < MAX_SOCKET_BYTES) return path;
  const name = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  return join(tmpdir(), `relata-dev-${process.getuid?.() ?? 0}-${name}.sock`);
}
