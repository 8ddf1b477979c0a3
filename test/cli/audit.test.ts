import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withClient } from "../support/postgres-template.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { type CliRun, runTestCli } from "./run-cli.ts";

const SCHEMA = "definition user {}\n\ndefinition document {\n  relation viewer: user\n}\n";
const OPERATOR: Claims = { sub: "operator", tenant: undefined };
/** A tenant's record here: tenant.created, schema.written, and six of tuples.written. */
const EVENTS = 8;

let server: TestServer;
let dir: TempDir;
let tenant: { readonly id: string; readonly slug: string };
let other: typeof tenant;

beforeAll(async () => {
  dir = await createTempDir();
  server = await startTestServer({ config: { auditKeys: [{ id: "k1", privateKey: Buffer.alloc(32, 7) }] } });
  await put("schema.zed", SCHEMA);
  tenant = await filledTenant();
  other = await filledTenant();
});
afterAll(async () => {
  await server?.close();
  await dir?.[Symbol.asyncDispose]();
});

async function filledTenant(): Promise<typeof tenant> {
  tenant = await server.createTenant();
  expect(await relata("schema", "push", "schema.zed")).toMatchObject({ exit: 0 });
  for (let i = 0; i < 6; i += 1)
    expect(await relata("tuple", "write", `document:d${i}#viewer@user:u${i}`)).toMatchObject({ exit: 0 });
  return tenant;
}

const relataAs = (claims: Claims, ...argv: readonly string[]) =>
  runTestCli(argv, {
    cwd: dir.path,
    env: { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: server.issuer.mint(claims) },
  });
const relata = (...argv: readonly string[]) => relataAs({ tenant: tenant.slug }, ...argv);
const offline = (...argv: readonly string[]) => runTestCli(["audit", "verify", ...argv], { cwd: dir.path });
const put = (name: string, text: string) => writeFile(join(dir.path, name), text);
const get = (name: string) => readFile(join(dir.path, name), "utf8");
const jsonLines = ({ stdout }: CliRun) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text));

describe("audit list", () => {
  test("newest first, with who did what from where", async () => {
    const { exit, stdout } = await relata("audit", "list", "--limit", "2");
    expect(exit).toBe(0);
    const [headings, newest, next] = stdout.split("\n");
    expect(headings).toMatch(/^SEQ {2}RECORDED +EVENT +BY +FROM +WHAT$/);
    expect(newest).toMatch(/^8 .*Z {2}tuples\.written .*\|.* jwt\S* +127\.0\.0\.1 .*touch document:d5#viewer@user:u5/);
    expect(next).toMatch(/^7 /);
  });

  test("by event, actor, request, time, and what is mentioned; nothing found is 1", async () => {
    const seqs = async (...flags: readonly string[]) => {
      const run = await relata("audit", "list", "--json", ...flags);
      return run.exit === 0 ? jsonLines(run).map(({ seq }) => Number(seq)) : `exit ${run.exit}: ${run.stderr}`;
    };
    expect(await seqs("--limit", "0")).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await seqs("--event", "schema.*", "--event", "tenant.created")).toEqual([2, 1]);
    expect(await seqs("--mentions", "user:u3")).toEqual([6]);
    const [event] = jsonLines(await relata("audit", "list", "--mentions", "user:u3", "--json"));
    expect(await seqs("--request", event.requestId)).toEqual([6]);
    expect(await seqs("--actor", event.actor, "--oldest-first", "--limit", "2")).toEqual([2, 3]);
    expect(await seqs("--from", event.recordedAt, "--oldest-first", "--limit", "1")).toEqual([6]);
    expect(await seqs("--until", event.recordedAt, "--limit", "1")).toEqual([5]);
    expect(await seqs("--from", "1h", "--limit", "1")).toEqual([8]);
    expect(await seqs("--mentions", "user:nobody")).toBe("exit 1: ");
  });

  test("pages follow each other without a gap", async () => {
    const byTwo: bigint[] = [];
    for (let pageToken = ""; ; ) {
      const page = await server.client(tenant.slug).audit.query({ pageSize: 3, pageToken, oldestFirst: true });
      byTwo.push(...page.events.map(({ seq }) => seq));
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
      expect(page.events).toHaveLength(3);
    }
    expect(byTwo).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
  });

  test("with a platform token it is the platform's", async () => {
    const events = jsonLines(await relataAs(OPERATOR, "audit", "list", "--event", "tenant.created", "--json"));
    expect(events.map(({ details }) => details.slug)).toEqual([other.slug, expect.any(String)]);
  });

  test.each([
    [["--event", "nonsense"], "names no event"],
    [["--from", "yesterday"], "--from expects an instant"],
    [["--limit", "some"], "--limit expects a whole number"],
  ])("%j is exit code 2", async (flags, message) => {
    const run = await relata("audit", "list", ...flags);
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });
});

describe("audit export, head and verify of what is sound", () => {
  test("a file of lines, private, whole, and proved without a server", async () => {
    expect(await relata("audit", "export", "--out", "whole.jsonl")).toEqual({
      exit: 0,
      stdout: `${EVENTS} events (1 to ${EVENTS}) written to whole.jsonl\n`,
      stderr: "",
    });
    expect((await stat(join(dir.path, "whole.jsonl"))).mode & 0o777).toBe(0o600);
    expect(await get("whole.jsonl")).toBe((await relata("audit", "export")).stdout);
    const proved = await offline("whole.jsonl");
    expect(proved).toMatchObject({ exit: 0, stderr: "" });
    expect(proved.stdout).toMatch(
      `sound: ${EVENTS} events (1 to ${EVENTS}) of the chain ${tenant.id}\ncompared with no head: whether the newest events were cut off is not proved (--head)\nhash `,
    );
  });

  test("heads are appended to a file, signed, and compared by file and by server", async () => {
    await put("heads.jsonl", (await relata("audit", "head", "--json")).stdout.repeat(2));
    const shown = await relata("audit", "head");
    expect(shown.stdout).toMatch(
      /^chain +\S+\nevent +8\nhash +[0-9a-f]{64}\nsigned at +\S+\nkey +k1\npublic key +\S+\n$/,
    );
    const compared = "compared with 2 heads, 2 of them signed by a key that is trusted\n";
    for (const run of [
      await offline("whole.jsonl", "--head", "heads.jsonl"),
      await relata("audit", "verify", "--head", "heads.jsonl"),
    ]) {
      expect(run).toMatchObject({ exit: 0, stderr: "" });
      expect(run.stdout).toContain(compared);
    }
    const { publicKey } = JSON.parse((await get("heads.jsonl")).split("\n")[0] ?? "");
    const pinned = ["whole.jsonl", "--head", "heads.jsonl", "--public-key"];
    expect(await offline(...pinned, publicKey)).toMatchObject({ exit: 0 });
    const strange = await offline(...pinned, Buffer.alloc(32, 9).toString("base64"));
    expect(strange).toMatchObject({ exit: 1 });
    expect(strange.stdout).toContain("the head of event 8 is not signed by a key that is trusted");
  });

  test("a part says that it is one", async () => {
    expect(await relata("audit", "export", "--from", "3", "--to", "5", "--out", "part.jsonl")).toMatchObject({
      stdout: "3 events (3 to 5) written to part.jsonl\n",
    });
    expect(await offline("part.jsonl", "--part")).toMatchObject({ exit: 0 });
    const asWhole = await offline("part.jsonl");
    expect(asWhole).toMatchObject({ exit: 1 });
    expect(asWhole.stdout).toContain("events up to 2 are not there, and no event audit.pruned tells of it");
  });

  test("--json has the report for programs", async () => {
    for (const argv of [["whole.jsonl"], []])
      expect(JSON.parse((await relata("audit", "verify", ...argv, "--json")).stdout)).toMatchObject({
        chain: tenant.id,
        intact: true,
        events: EVENTS,
        lastSeq: EVENTS,
        problems: [],
      });
  });

  test.each([
    [["nowhere.jsonl"], "no such file"],
    [["schema.zed"], "holds no events of the audit"],
    [["whole.jsonl", "--head", "schema.zed"], "line 1 of schema.zed is no head of the audit"],
    [["whole.jsonl", "--public-key", "abc"], "--public-key expects an Ed25519 key"],
    [["--part"], "--public-key and --part go with a file"],
  ])("verify %j is exit code 2", async (argv, message) => {
    const run = await offline(...argv);
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });
});

describe("audit verify of a record that somebody with all rights has changed", () => {
  /** What the server and a file say of the record after `sql`, which is undone then. */
  async function afterTampering(sql: string, ...flags: readonly string[]): Promise<readonly CliRun[]> {
    const { superuser } = server.database;
    if (superuser === undefined) throw new Error("only a superuser can do this");
    return withClient(superuser, async (client) => {
      await client.query("SET session_replication_role = replica");
      await client.query("CREATE TABLE keep AS SELECT * FROM relata.audit_event");
      try {
        expect((await client.query(sql)).rowCount).toBeGreaterThan(0);
        await relata("audit", "export", "--out", "changed.jsonl");
        return [await relata("audit", "verify", ...flags), await offline("changed.jsonl", ...flags)];
      } finally {
        await client.query("DELETE FROM relata.audit_event");
        await client.query("INSERT INTO relata.audit_event SELECT * FROM keep");
        await client.query("DROP TABLE keep");
      }
    });
  }

  const at = (seq: number) => `chain = '${tenant.id}' AND seq = ${seq}`;
  const columns = "recorded_at, event, request_id, body, hash, actor, personal, personal_salt";

  test.each([
    [
      "a flipped byte of a body",
      () => `UPDATE relata.audit_event SET body = set_byte(body, 60, get_byte(body, 60) # 1) WHERE ${at(4)}`,
      4,
      "event 4: its hash is not that of its bytes behind the event before it",
    ],
    [
      "a flipped byte of a hash",
      () => `UPDATE relata.audit_event SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE ${at(4)}`,
      4,
      "event 4: its hash is not that of its bytes behind the event before it",
    ],
    [
      "a flipped byte of what is personal",
      () => `UPDATE relata.audit_event SET personal = set_byte(personal, 5, get_byte(personal, 5) # 1) WHERE ${at(4)}`,
      4,
      "event 4: its personal part is not the one it was sealed with",
    ],
    [
      "what is personal taken away without a word",
      () => `UPDATE relata.audit_event SET actor = NULL, personal = NULL, personal_salt = NULL WHERE ${at(4)}`,
      4,
      "event 4: its personal part is gone, and no event personal.erased tells of it",
    ],
    ["a removed event", () => `DELETE FROM relata.audit_event WHERE ${at(4)}`, 4, "event 4: it is not there"],
    [
      "events that changed places",
      () => `UPDATE relata.audit_event SET seq = 9 - seq WHERE chain = '${tenant.id}' AND seq IN (4, 5)`,
      4,
      "event 4: it is sealed as event 5",
    ],
    [
      "an inserted event",
      () =>
        `INSERT INTO relata.audit_event SELECT chain, seq, recorded_at + interval '1 microsecond', ${columns.slice(13)} FROM relata.audit_event WHERE ${at(4)}`,
      4,
      "event 4: its place is taken",
    ],
    [
      "an event of another tenant in its place",
      () =>
        `UPDATE relata.audit_event mine SET body = theirs.body, hash = theirs.hash, personal = theirs.personal,
          personal_salt = theirs.personal_salt FROM relata.audit_event theirs
        WHERE mine.chain = '${tenant.id}' AND mine.seq = 4 AND theirs.chain <> mine.chain AND theirs.seq = 4`,
      4,
      "event 4: it is sealed as an event of the chain ",
    ],
    [
      "removed first events",
      () => `DELETE FROM relata.audit_event WHERE chain = '${tenant.id}' AND seq <= 3`,
      undefined,
      / (events up to 3 are not there, and no event audit\.pruned|event 1: events up to 3 are not there)/,
    ],
  ] as const)("%s", async (_, sql, seq, message) => {
    tenant = other;
    for (const run of await afterTampering(sql())) {
      expect(run).toMatchObject({ exit: 1, stderr: "" });
      if (seq !== undefined) expect(run.stdout).toMatch(new RegExp(`^broken at event ${seq}: \\d events`));
      if (typeof message === "string") expect(run.stdout).toContain(message);
      else expect(run.stdout).toMatch(message);
    }
  });

  test("a cut tail, by an exported head, also where the head in the database was set back", async () => {
    await put("head.json", (await relata("audit", "head", "--json")).stdout);
    const sql = `WITH gone AS (DELETE FROM relata.audit_event WHERE chain = '${tenant.id}' AND seq > 6 RETURNING seq),
        kept AS (SELECT * FROM relata.audit_event WHERE ${at(6)})
      UPDATE relata.audit_chain c SET seq = kept.seq, hash = kept.hash FROM kept WHERE c.chain = kept.chain`;
    const { superuser } = server.database;
    const chain = await withClient(superuser ?? {}, async (client) => {
      const { rows } = await client.query(`SELECT seq, hash FROM relata.audit_chain WHERE chain = '${tenant.id}'`);
      return rows[0];
    });
    try {
      const [ofServer, ofFile] = await afterTampering(sql, "--head", "head.json");
      const told = "cut_tail  event 8: a head of it was exported, and the chain ends at event 6";
      for (const run of [ofServer, ofFile])
        expect(run).toMatchObject({ exit: 1, stdout: expect.stringContaining(told) });
      // Without the head nothing tells.
      expect(await offline("changed.jsonl")).toMatchObject({ exit: 0 });
    } finally {
      await withClient(superuser ?? {}, (client) =>
        client.query("UPDATE relata.audit_chain SET seq = $1, hash = $2 WHERE chain = $3", [
          chain.seq,
          chain.hash,
          tenant.id,
        ]),
      );
    }
    expect(await relata("audit", "verify", "--head", "head.json")).toMatchObject({ exit: 0 });
  });

  test("a forged head, and lines of a file that are none", async () => {
    await relata("audit", "export", "--out", "sound.jsonl");
    const head = JSON.parse(await get("head.json"));
    await put("forged.json", JSON.stringify({ ...head, head: { ...head.head, seq: "7" } }));
    const forged = await offline("sound.jsonl", "--head", "forged.json");
    expect(forged.stdout).toContain("the head of event 7 is not signed by a key that is trusted");
    const lines = (await get("sound.jsonl")).split("\n");
    await put("torn.jsonl", lines.with(3, lines[3]?.slice(0, 100) ?? "").join("\n"));
    const torn = await offline("torn.jsonl");
    expect(torn).toMatchObject({ exit: 1 });
    expect(torn.stdout).toMatch(/^broken at event 4: .*\n {2}malformed {2}line 4 of the file, where event 4 should be/);
  });
});
