import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import type { Decision } from "../../src/model/decision.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

/** What a validation file says, read as plainly as the format allows. */
export interface Scenario {
  readonly schema: string;
  readonly tuples: readonly Tuple[];
  readonly assertions: readonly { readonly text: string; readonly kind: Decision["kind"] }[];
}

interface Document {
  readonly schema?: string;
  readonly schemaFile?: string;
  readonly relationships?: string;
  readonly assertions?: {
    readonly assertTrue?: readonly string[];
    readonly assertFalse?: readonly string[];
    readonly assertCaveated?: readonly string[];
  };
}

export function readValidationFile(path: string): Scenario {
  return parseValidationFile(readFileSync(path, "utf8"), (name) => readFileSync(join(dirname(path), name), "utf8"));
}

/** @param read the text of the schema file the document names; also called, with no name, when it names none */
export function parseValidationFile(text: string, read: (name: string) => string): Scenario {
  const document = parse(text) as Document;
  const lines = (document.relationships ?? "").split("\n").map((line) => line.trim());
  const { assertTrue = [], assertFalse = [], assertCaveated = [] } = document.assertions ?? {};
  const all = (texts: readonly string[], kind: Decision["kind"]) => texts.map((text) => ({ text, kind }));
  return {
    schema: document.schema ?? read(document.schemaFile ?? ""),
    tuples: lines.filter((line) => line !== "" && !line.startsWith("//")).map(parseTuple),
    assertions: [...all(assertTrue, "allowed"), ...all(assertFalse, "denied"), ...all(assertCaveated, "conditional")],
  };
}
