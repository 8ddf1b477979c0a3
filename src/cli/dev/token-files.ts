import { join } from "node:path";
import type { LocalIssuer } from "./issuer.ts";
import { writePrivate } from "./private-file.ts";

/** Written anew this often, so that the file holds a good token for as long as the issuer runs. */
const RENEW_EVERY_MS = 3_600_000;

export const DEMO_TENANT = "demo";
/** Who the local issuer's tokens prove. Bound to tenants and scopes in the service's configuration. */
export const DEV_SUBJECT = "dev";
export const OPERATOR_SUBJECT = "operator";

/** Access tokens in files of mode 0600, kept fresh. */
export interface TokenFiles {
  /** Acts in the demo tenant. */
  readonly dev: { readonly path: string; readonly token: string };
  /** Acts on the tenant registry. */
  readonly operator: { readonly path: string; readonly token: string };
  stop(): void;
}

export async function keepTokenFiles(dataDir: string, issuer: LocalIssuer): Promise<TokenFiles> {
  const write = async (subject: string, name: string) => {
    const token = await issuer.mint(subject);
    const path = join(dataDir, name);
    await writePrivate(path, `${token}\n`);
    return { path, token };
  };
  const writeAll = async () => ({
    dev: await write(DEV_SUBJECT, "token"),
    operator: await write(OPERATOR_SUBJECT, "operator-token"),
  });
  const first = await writeAll();
  // A disk that is full now may not be in an hour; the tokens in the files are good for half a day.
  const timer = setInterval(() => void writeAll().catch(() => undefined), RENEW_EVERY_MS);
  timer.unref();
  return { ...first, stop: () => clearInterval(timer) };
}
