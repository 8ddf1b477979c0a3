import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = join(dirname(fileURLToPath(import.meta.url)), "../../src");
const HOME = "storage/postgres/";

/** Those that talk to PostgreSQL other than by flights of statements, and about what. */
const TALKERS: Readonly<Record<string, string>> = {
  "storage/postgres/flight.ts": "sends every statement",
  "storage/postgres/sessions.ts": "rolls back, and cancels what nobody waits for",
  "storage/postgres/maintenance.ts": "a session's settings, and rolls back",
  "storage/postgres/snapshot.ts": "streams a COPY, which has no rows to bind",
  "storage/postgres/copy-out.ts": "the same",
  "storage/postgres/listen.ts": "LISTEN, and whether the connection lives",
  "storage/postgres/boot-check-audit.ts": "tries at start what must be refused, and rolls it back",
  "storage/postgres/roles.ts": "before there is a schema: roles and their settings",
  "storage/postgres/migrate.ts": "runs the files of migrations/",
};

/** Texts that become SQL without being bound: each from a closed table in its own file. */
const RAW: Readonly<Record<string, number>> = {
  "storage/postgres/audit-page.ts": 1,
  "storage/postgres/tuple-columns.ts": 1,
};

const SQL =
  /["'`]\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE(?= (?!of))|ALTER|DROP|GRANT|REVOKE|COPY|TRUNCATE|LISTEN|NOTIFY|SET) /;

function sources(): readonly (readonly [string, string])[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("gen/"))
    .map((name) => join(SRC, name))
    .map(
      (path) => [relative(SRC, path), readFileSync(path, "utf8").replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "")] as const,
    );
}

const having = (pattern: RegExp) => sources().flatMap(([file, text]) => (pattern.test(text) ? file : []));

describe("SQL", () => {
  it("stands in the store alone", () => {
    const files = having(SQL);
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !file.startsWith(HOME))).toEqual([]);
    expect(having(/\bsql(?:<[^>]*>)?`/).filter((file) => !file.startsWith(HOME))).toEqual([]);
  });

  it("is sent by those that are listed", () => {
    const senders = having(/\b(?:client|wire|messenger|pool|connection)\.query\(/).filter((file) =>
      file.startsWith(HOME),
    );
    expect(senders.toSorted()).toEqual(Object.keys(TALKERS).toSorted());
  });

  it("is bound, except for words of closed tables", () => {
    const raw = sources().flatMap(([file, text]) => {
      const times = [...text.matchAll(/\bsql\.(?:raw|unsafe)\b|\bCompiledQuery\.raw\b/g)].length;
      return times === 0 ? [] : [[file, times] as const];
    });
    expect(Object.fromEntries(raw)).toEqual(RAW);
  });

  it("is compiled for statement(), which registers it for the test that explains them all", () => {
    const compiling = having(/\.compile\((?:sqlBuilder)?\)/).filter((file) => file.startsWith(HOME));
    expect(compiling.length).toBeGreaterThan(20);
    const registering = new Set(having(/\b(?:statement|statementFamily)<?/));
    expect(compiling.filter((file) => !registering.has(file))).toEqual([]);
    // Whoever turns a compiled text into something that can be sent gives it a name that is registered.
    expect(having(/\btext: \w+\.sql\b/)).toEqual([`${HOME}statement.ts`]);
    // What is bound by hand has no name and is not explained: what frames a transaction, and a COPY.
    const byHand = sources().flatMap(([file, text]) =>
      [...text.matchAll(/name: "", text: (.{0,12})/g)].map(([, begin]) => `${file}: ${begin}`),
    );
    expect(byHand.filter((one) => !/: "(?:BEGIN|COMMIT|ROLLBACK)/.test(one))).toEqual([]);
    expect(byHand.length).toBeGreaterThan(3);
  });
});
