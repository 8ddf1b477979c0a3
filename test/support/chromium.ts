import { access, chmod, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

/** A browser that a person could have, or the reason why there is none. */
export type OpenedChromium =
  | { readonly browser: Browser; close(): Promise<void> }
  | { readonly browser?: never; readonly missing: string };

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const PACKAGE = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..");
const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache");

/**
 * Headless: the one at CHROMIUM, an installed one, else that of the package, which is for Linux on x64 alone. There it never is
 * missing: what keeps it from starting is an error.
 */
export async function openChromium(): Promise<OpenedChromium> {
  const installed = await firstExecutable([process.env["CHROMIUM"] ?? "", ...INSTALLED]);
  if (installed !== undefined) return open(await launch(installed, {}), () => Promise.resolve());
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: `no Chromium for ${process.platform} on ${process.arch}: name one in CHROMIUM` };
  const { directory, remove } = await unpacked();
  const executable = join(directory, "chromium");
  const fonts = { FONTCONFIG_FILE: join(directory, "fonts.conf") };
  // Without Debian's NSS the package's own takes its place; with it the system's is the one that fits.
  const browser = await launch(executable, fonts).catch(() =>
    launch(executable, { ...fonts, LD_LIBRARY_PATH: join(directory, "al2023", "lib") }),
  );
  return open(browser, remove);
}

function open(browser: Browser, remove: () => Promise<void>): OpenedChromium {
  return {
    browser,
    close: async () => {
      await browser.close();
      await remove();
    },
  };
}

function launch(executablePath: string, more: Readonly<Record<string, string>>): Promise<Browser> {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return driver.launch({
    executablePath,
    // A home is asked for, and a user such as `nobody` has none.
    env: { HOME: tmpdir(), ...env, ...more },
    args: ["--disable-gpu", "--font-render-hinting=none"],
  });
}

/** 200 MB, 2 s of CPU once; later runs find them. Where nothing can be kept, for this run alone. */
async function unpacked(): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as { version: string };
  const kept = join(CACHE, `chromium-${version}`);
  if ((await firstExecutable([join(kept, "chromium")])) !== undefined)
    return { directory: kept, remove: () => Promise.resolve() };
  const cache = await mkdir(CACHE, { recursive: true })
    .then(() => mkdtemp(join(CACHE, "unpacking-")))
    .catch(() => undefined);
  const directory = cache ?? (await mkdtemp(join(tmpdir(), "relata-chromium-")));
  const final = cache === undefined ? directory : kept;
  await unpackInto(directory, final);
  if (final === directory) return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
  // Whoever is first wins; nobody ever sees half of it.
  await rename(directory, kept).catch(() => rm(directory, { recursive: true, force: true }));
  return { directory: kept, remove: () => Promise.resolve() };
}

async function unpackInto(directory: string, final: string): Promise<void> {
  const before = process.env["TMPDIR"];
  // The package unpacks into the directory for temporary files, under names that every user and process shares.
  process.env["TMPDIR"] = directory;
  try {
    await chromium.executablePath();
    await inflate(join(PACKAGE, "bin", "al2023.tar.br"));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  // It is for its owner alone otherwise, and a clone may be used by several.
  for (const path of [directory, join(directory, "chromium")]) await chmod(path, 0o755);
  await writeFile(join(directory, "fonts.conf"), fontsOf(final));
}

/** The system's fonts, and Open Sans where it has none. */
function fontsOf(directory: string): string {
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir><dir>${join(directory, "fonts")}</dir>
<cachedir>${join(directory, "fonts-cache")}</cachedir></fontconfig>
`;
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const fits =
      path !== "" &&
      (await access(path, constants.X_OK)
        .then(() => true)
        .catch(() => false));
    if (fits) return path;
  }
  return undefined;
}
