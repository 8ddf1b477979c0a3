import { chmod, copyFile, link, lstat, mkdir, mkdtemp, readdir, readFile, readlink, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { RelataError } from "../../errors.ts";
import { type Account, firstUnsearchable } from "./account.ts";
import type { Binaries, Bundle } from "./binaries.ts";
import { draftPrefix, removeAbandoned, renameUnlessThere } from "./draft.ts";
import { errorCode } from "./process.ts";

/**
 * A directory with `initdb` and `postgres` that `account` may run. The package serves as it is unless its place is closed
 * to the account (below /root, or installed with umask 077) or cannot take its missing symlinks; then a
 * copy below `home`, made once per version, serves. Safe when several processes ask at once.
 */
export async function prepareRuntime(binaries: Binaries, account: Account | undefined, home: string): Promise<string> {
  const { binDir, bundle } = binaries;
  const closed = account && (await firstUnsearchable(join(binDir, "postgres"), account));
  if (bundle === undefined) {
    if (closed === undefined) return binDir;
    throw new RelataError(
      "STORE_UNAVAILABLE",
      `PostgreSQL would run as ${account?.name}, which may not enter ${closed}: name another directory of PostgreSQL's programs`,
    );
  }
  if (closed === undefined && (await linkLibraries(bundle.root))) return binDir;
  return join(await copyOnce(bundle, home), "native", "bin");
}

/** Makes the library symlinks that npm packages cannot hold (their install script is skipped by --ignore-scripts). */
async function linkLibraries(root: string): Promise<boolean> {
  const links: unknown = JSON.parse(await readFile(join(root, "native", "pg-symlinks.json"), "utf8"));
  for (const { source, target } of links as readonly { readonly source: string; readonly target: string }[]) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") return false;
    }
  }
  return true;
}

/** The copy appears under its name by one rename, so nobody ever sees half of it; who comes second uses the first's. */
async function copyOnce(bundle: Bundle, home: string): Promise<string> {
  const name = `postgres-${bundle.version}-${process.platform}-${process.arch}`;
  const target = join(home, name);
  if (await exists(target)) return target;
  await mkdir(home, { recursive: true, mode: 0o755 });
  await removeAbandoned(home, name);
  const draft = await mkdtemp(draftPrefix(target));
  await chmod(draft, 0o755);
  await copyTree(join(bundle.root, "native"), join(draft, "native"));
  await linkLibraries(draft);
  await renameUnlessThere(draft, target);
  return target;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Hard links where possible (12 ms for the 60 MB), else copies (52 ms); always readable by everybody. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await linkOrCopy(source, target);
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  const { mode } = await lstat(source);
  const open = mode | 0o444 | (mode & 0o100 ? 0o111 : 0);
  if (open === mode) {
    // Another file system (EXDEV) or a kernel that forbids links to other people's files (EPERM): copy.
    const linked = await link(source, target).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(source, target);
  await chmod(target, open & 0o777);
}
