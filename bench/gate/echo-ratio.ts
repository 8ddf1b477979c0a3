import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeTempDir } from "../../src/cli/demo/temp-dir.ts";
import { startLocalIssuer } from "../../src/cli/dev/issuer.ts";
import { makeTenant } from "../database/bench-tenant.ts";
import type { BenchDatabase } from "../database/open-database.ts";
import type { Figure } from "../report/report.ts";
import type { Round } from "../rpc/lane.ts";
import { runRpcLayer } from "../rpc/run-rpc.ts";
import { localTrust } from "../trusted-issuer.ts";

const CALLER = "bench";
const TUPLES = 10_000;
const QUESTIONS = 2_000;
const ROUNDS = 8;
const ROUND_MS = 250;

/** What a Check over gRPC takes of the server's CPU time, against an empty method of the same server. */
export async function echoRatio(
  database: Pick<BenchDatabase, "owner" | "app">,
  print: (line: string) => void,
): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const issuer = await startLocalIssuer({ stateFile: join(directory.path, "issuer.json"), port: 0, now: Date.now });
  stack.defer(() => issuer.close());
  // Another one at each attempt.
  const slug = `gate-${randomBytes(4).toString("hex")}`;
  const { work } = await makeTenant(database, slug, TUPLES);
  const bindings = [{ issuer: issuer.issuer, subject: CALLER, tenants: [slug], scopes: ["check"] }];
  const { rounds, wrong } = await runRpcLayer({
    connection: database.app,
    issuer: localTrust(issuer.issuer, ["check"]),
    token: await issuer.mint(CALLER),
    questions: work.questions(QUESTIONS),
    rounds: ROUNDS,
    roundMs: ROUND_MS,
    settings: { bindings, warmTenants: [slug] },
    lanes: ["echo", "check"],
    print,
  });
  if (wrong.length > 0) throw new Error(`a wrong answer over gRPC: ${wrong[0]}`);
  return {
    id: "rpc/documents/check_vs_echo_cpu",
    what: "CPU time of an empty method ÷ that of a Check, gRPC",
    unit: "",
    kind: "ratio",
    better: "more",
    samples: [least(rounds.get("echo")) / least(rounds.get("check"))],
  };
}

/** Of the quickest round: whatever else the machine does takes caches away and makes a call longer, never shorter. */
function least(rounds: readonly Round[] = []): number {
  return Math.min(...rounds.map(({ server }) => server.cpuMicrosPerCall));
}
