import { LineCounter, parseDocument } from "yaml";

export type Path = readonly (string | number)[];

/** A configuration text as plain data, able to say on which line a path stands. */
export interface ConfigSource {
  readonly data: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
  /** `relata.yaml:12` for the deepest part of the path that is there. */
  locate(path: Path): string;
}

/** Parses YAML (of which JSON is a part). Anchors work; `maxAliasCount` keeps them from growing without bound. */
export function parseSource(text: string, name: string): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const problems = document.errors.map(
    (error) => `${name}:${lines.linePos(error.pos[0]).line}: not valid YAML: ${error.message}`,
  );
  const value: unknown = problems.length > 0 ? {} : (document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!isRecord(value)) {
    return {
      data: {},
      problems: [`${name}:1: expected a mapping of settings, found ${describe(value)}`],
      locate: () => name,
    };
  }
  const locate = (path: Path): string => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(document, path.slice(0, length));
      if (offset !== undefined) return `${name}:${lines.linePos(offset).line}`;
    }
    return name;
  };
  return { data: value, problems, locate };
}

type Document = ReturnType<typeof parseDocument>;

/** Where the key (in a mapping) or the item (in a list) stands. */
function offsetOf(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isRecord(parent) && Array.isArray(parent["items"])) {
    for (const item of parent["items"] as unknown[]) {
      if (isRecord(item) && isRecord(item["key"]) && item["key"]["value"] === last) return rangeStart(item["key"]);
    }
  }
  return rangeStart(document.getIn(path, true));
}

function rangeStart(node: unknown): number | undefined {
  const range = isRecord(node) ? node["range"] : undefined;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return Array.isArray(value) ? "a list" : typeof value;
}
