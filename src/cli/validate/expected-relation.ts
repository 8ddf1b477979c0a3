import { RelataError } from "../../errors.ts";
import { formatSubject, type SubjectRef, WILDCARD_ID } from "../../model/object.ts";
import { parseSubject } from "../../model/tuple-text.ts";
import type { Problem } from "../problem.ts";
import type { Spot } from "../yaml/spot.ts";
import type { ExpectedRelation, ExpectedSubject } from "./document.ts";
import { formatLine, type LineParts } from "./subject-set.ts";

const SHAPE = "[subject] is <object#relation>, with more relations behind slashes";
const CAVEATED = "[...]";
const SUBJECT = /^(?<name>[^\s[\]]+)(?<caveated>\[\.\.\.\])?(?:\s+-\s+\{(?<exceptions>[^}]*)\})?$/;

/** The key of an entry under `validation:`. A mistake becomes a problem. */
export function readExpectedRelation(
  at: { readonly file: string; readonly spot: Spot },
  written: string,
  subjects: readonly ExpectedSubject[],
  problems: Problem[],
): ExpectedRelation | undefined {
  const { file, spot } = at;
  return attempt({ file, line: spot.line }, "an entry under `validation:` reads object#permission", problems, () => {
    const { type, id, relation } = memberOf(written.trim());
    return { text: `${type}:${id}#${relation}`, spot, object: { type, id }, member: relation, subjects };
  });
}

/** One line of an entry. */
export function readExpectedSubject(
  at: { readonly file: string; readonly spot: Spot },
  written: string,
  problems: Problem[],
): ExpectedSubject | undefined {
  const { file, spot } = at;
  return attempt({ file, line: spot.line }, `a line reads ${SHAPE}`, problems, () => {
    const parts = partsOf(written);
    return { spot, subject: parts.subject, line: formatLine(parts) };
  });
}

function partsOf(written: string): LineParts {
  const [, inside = "", places = ""] = /^\s*\[(.*)\]\s+is\s(.*)$/.exec(written) ?? [];
  const parents = [...places.matchAll(/<([^>]+)>/g)].map(([, text = ""]) => formatSubject(memberOf(text)));
  const groups = SUBJECT.exec(inside.trim())?.groups;
  if (groups === undefined || parents.length === 0) {
    throw new RelataError("INVALID_SUBJECT", `not what an expected subject looks like: ${written}`);
  }
  const subject = parseSubject(groups["name"] ?? "");
  const exceptions = (groups["exceptions"] ?? "").split(",").map((text) => text.trim());
  if (subject.id !== WILDCARD_ID && groups["exceptions"] !== undefined) {
    throw new RelataError("INVALID_SUBJECT", `only a wildcard has exceptions, and ${formatSubject(subject)} is none`);
  }
  return {
    subject: formatSubject(subject),
    caveated: groups["caveated"] !== undefined,
    exceptions: exceptions.filter((text) => text !== "").map(exceptionOf),
    parents,
  };
}

function exceptionOf(text: string): { readonly subject: string; readonly caveated: boolean } {
  const caveated = text.endsWith(CAVEATED);
  const name = caveated ? text.slice(0, -CAVEATED.length).trimEnd() : text;
  return { subject: formatSubject(parseSubject(name)), caveated };
}

/** `document:1#view`, which is written as a subject is. */
function memberOf(text: string): SubjectRef {
  const member = parseSubject(text);
  if (member.relation !== "" && member.id !== WILDCARD_ID) return member;
  throw new RelataError("INVALID_OBJECT", `expected object#relation, found ${JSON.stringify(text)}`);
}

function attempt<T>(
  at: { readonly file: string; readonly line: number },
  hint: string,
  problems: Problem[],
  read: () => T,
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    problems.push({ ...at, message: error.message, hint });
    return undefined;
  }
}
