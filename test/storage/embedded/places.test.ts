import { execFile } from "node:child_process";
import { chmod, cp, lstat, mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { serverAccount } from "../../../src/storage/embedded/account.ts";
import { type Binaries, locateBinaries } from "../../../src/storage/embedded/binaries.ts";
import { defaultDataDir } from "../../../src/storage/embedded/data-dir.ts";
import { prepareRuntime } from "../../../src/storage/embedded/runtime.ts";
import { prepareSocketDir } from "../../../src/storage/embedded/socket-dir.ts";
import { createTempDir } from "../../support/temp-dir.ts";

/** A copy of the bundled package as npm leaves it with --ignore-scripts: without the libraries' symlinks. */
async function unhydratedPackage(directory: string): Promise<Binaries> {
  const { bundle } = await locateBinaries(undefined);
  if (bundle === undefined) throw new Error("no bundle");
  const root = join(directory, "package");
  await cp(bundle.root, root, { recursive: true, verbatimSymlinks: true });
  const libraries = join(root, "native", "lib");
  for (const entry of await readdir(libraries)) {
    if ((await lstat(join(libraries, entry))).isSymbolicLink()) await unlink(join(libraries, entry));
  }
  return { binDir: join(root, "native", "bin"), bundle: { root, version: bundle.version } };
}

const version = async (binDir: string) =>
  (await promisify(execFile)(join(binDir, "postgres"), ["--version"])).stdout.trim();

describe("prepareRuntime", () => {
  it("makes the libraries' symlinks that an install without scripts lacks", async () => {
    await using directory = await createTempDir("disk");
    const binaries = await unhydratedPackage(directory.path);
    await expect(version(binaries.binDir)).rejects.toThrow("error while loading shared libraries");
    const used = await prepareRuntime(binaries, undefined, join(directory.path, "runtime"));
    expect(used).toBe(binaries.binDir);
    expect(await version(used)).toMatch(/^postgres \(PostgreSQL\) 18\./);
  });

  it("copies a package that the server's account cannot reach, once for several that ask at the same time", async () => {
    await using directory = await createTempDir("disk");
    const closed = join(directory.path, "closed");
    await mkdir(closed, { mode: 0o700 });
    const binaries = await unhydratedPackage(closed);
    // Installed under umask 077: a link would be as closed as the original.
    await chmod(join(binaries.binDir, "postgres"), 0o700);
    const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };
    const home = join(directory.path, "runtime");
    const used = await Promise.all([1, 2, 3].map(() => prepareRuntime(binaries, nobody, home)));
    expect(new Set(used).size).toBe(1);
    expect(used[0]?.startsWith(home)).toBe(true);
    expect(await readdir(home)).toHaveLength(1);
    const root = process.getuid?.() === 0;
    const { stdout } = await promisify(execFile)(join(used[0] ?? "", "postgres"), ["--version"], {
      cwd: "/",
      ...(root && { uid: nobody.uid, gid: nobody.gid }),
    });
    expect(stdout).toMatch(/^postgres \(PostgreSQL\) 18\./);
    expect(await prepareRuntime(binaries, nobody, home)).toBe(used[0]);
  });

  it("removes what a killed process left of its copy", async () => {
    await using directory = await createTempDir("disk");
    const closed = join(directory.path, "closed");
    await mkdir(closed, { mode: 0o700 });
    const binaries = await unhydratedPackage(closed);
    const home = join(directory.path, "runtime");
    const name = `postgres-${binaries.bundle?.version}-${process.platform}-${process.arch}`;
    await mkdir(join(home, `${name}.5000000-abcdef`), { recursive: true });
    await prepareRuntime(binaries, { name: "nobody", uid: 65_534, gid: 65_534 }, home);
    expect(await readdir(home)).toEqual([name]);
  });
});

describe("prepareSocketDir", () => {
  it("does not trust a directory in /tmp that others can enter", async () => {
    const pgdata = `/nowhere/${"x".repeat(100)}/${process.pid}`;
    const directory = await prepareSocketDir(pgdata, 5432, undefined);
    try {
      expect(await prepareSocketDir(pgdata, 5432, undefined)).toBe(directory);
      await chmod(directory, 0o755);
      await expect(prepareSocketDir(pgdata, 5432, undefined)).rejects.toThrow("belongs to somebody else");
    } finally {
      await promisify(execFile)("rmdir", [directory]);
    }
  });
});

describe("serverAccount", () => {
  it("prefers postgres to nobody, and says what to do without either", async (context) => {
    if (process.getuid?.() !== 0) context.skip("only root runs PostgreSQL as another account");
    await using directory = await createTempDir("disk");
    const passwd = join(directory.path, "passwd");
    await writeFile(passwd, "root:x:0:0::/:/bin/sh\nnobody:x:-2:-2::/:/bin/false\npostgres:x:70:71::/:/bin/sh\n");
    expect(await serverAccount(passwd)).toEqual({ name: "postgres", uid: 70, gid: 71 });
    await writeFile(passwd, (await readFile(passwd, "utf8")).replace(/postgres.*\n/, ""));
    expect(await serverAccount(passwd)).toEqual({ name: "nobody", uid: 4_294_967_294, gid: 4_294_967_294 });
    await writeFile(passwd, "root:x:0:0::/:/bin/sh\n");
    await expect(serverAccount(passwd)).rejects.toThrow("has no account postgres or nobody");
  });
});

describe("defaultDataDir", () => {
  it("follows the XDG directories, but never root's home", () => {
    const root = process.getuid?.() === 0;
    const place = (env: Record<string, string>) => defaultDataDir("dev", env);
    expect(place({ HOME: "/home/anne" })).toBe(root ? "/var/lib/relata/dev" : "/home/anne/.local/share/relata/dev");
    expect(place({ HOME: "/home/anne", XDG_DATA_HOME: "/data" })).toBe(
      root ? "/var/lib/relata/dev" : "/data/relata/dev",
    );
    if (!root) expect(() => place({})).toThrow("HOME is not set");
  });
});
