import { describe, expect, test } from "vitest";
import { pick, type Random, seeded } from "../support/random.ts";
import { filled, holesOf, joinedLists, joinedTexts } from "./composed-keys.ts";

/** What may stand in a hole: short texts over the letters that are allowed there, the treacherous ones first. */
type Domain = (random: Random) => string;

const over =
  (letters: string, least: number, most: number): Domain =>
  (random) =>
    Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, () => pick(random, [...letters])).join(
      "",
    );
const maybe =
  (domain: Domain): Domain =>
  (random) =>
    random() < 0.3 ? "" : domain(random);
const oneOf =
  (...words: readonly string[]): Domain =>
  (random) =>
    pick(random, words);
const several =
  (domain: Domain, most: number, between: string): Domain =>
  (random) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () => domain(random)).join(between);
const template =
  (text: string): Domain =>
  (random) =>
    filled(
      text,
      holesOf(text).map((hole) => domainOf(hole)(random)),
    );

const type = over("a/0", 1, 2);
const relation = over("a_0", 1, 2);
/** All that `isObjectId` lets through and looks like an end of something. */
const id = over("a:@|/!*%.", 1, 3);
const number = over("012", 1, 2);
/** JSON has no raw NUL, but everything else. */
const json: Domain = (random) => JSON.stringify({ [over('a :"\0', 0, 2)(random)]: over('a "\0:@', 0, 2)(random) });
/** `sub` of a token: any text. */
const anything = over("a|:#@ /\0\n", 0, 3);
/** An `iss`: `trustProblems` refuses "|" in it. */
const issuer = over("a:/#@", 1, 3);
const word = over("ab_", 1, 2);
const uuid = over("0a-", 1, 3);
const place = template("{objectType} {objectId} {relation}");

/** By what a hole says, without what it is taken from. */
const HOLES: Readonly<Record<string, Domain>> = {
  type,
  objectType: type,
  subjectType: type,
  id,
  objectId: id,
  subjectId: id,
  relation,
  name: relation,
  subjectRelation: maybe(relation),
  'subjectRelation ?? "*"': oneOf("*", "", "a", "a_0"),
  target: number,
  leaf: number,
  nowMs: number,
  revision: number,
  schemaVersion: number,
  'expiresAtMs ?? ""': maybe(number),
  'name ?? ""': maybe(relation),
  'contextJson ?? ""': maybe(json),
  contextJson: json,
  content: json,
  "canonicalText(member)": json,
  "canonicalString(name)": (random) => JSON.stringify(over('a":\0', 0, 2)(random)),
  "canonicalJson(meaning)": json,
  "placeOf(key)": place,
  "placeKey(need)": place,
  place: template("{kind} {objectType} {objectId} {relation}"),
  key: template("{kind} {objectType} {objectId} {relation}"),
  "relationKey(change.tuple)": template("{objectType}\\0{objectId}\\0{relation}"),
  "subjectKey(change.tuple)": template("{subjectType}\\0{subjectId}\\0{subjectRelation}"),
  "formatSubject(subject)": (random) => {
    const group = maybe(relation)(random);
    return `${type(random)}:${id(random)}${group === "" ? "" : `#${group}`}`;
  },
  'subjectTypes.join(" ")': several(type, 3, " "),
  kind: oneOf("exact", "objects", "usersets", "rlt", "rlc"),
  verb: oneOf("write", "delete"),
  event: word,
  reason: word,
  address: over("0.:a", 1, 3),
  issuer,
  subject: anything,
  "clientSubject(clientId)": (random) => `client:${uuid(random)}`,
  API_TOKEN_ISSUER: oneOf("relata"),
  tenantId: uuid,
  schemaName: over("a-", 1, 3),
  namespace: over("a-0", 1, 2),
  named: template("system:serviceaccount:{namespace}:{namespace}"),
  uid: uuid,
  SUBJECT_PREFIX: oneOf("system:serviceaccount:"),
  remoteAddress: over("0.:a", 1, 3),
  remotePort: number,
};

/** Holes whose name means something else in one file. */
const OF_FILE: Readonly<Record<string, Domain>> = {
  "auth/service-account.ts name": over("a-0", 1, 2),
  "service/past-revisions.ts id": uuid,
};

function domainOf(hole: string, file = ""): Domain {
  // `key.objectType` is an objectType.
  const inner = hole.replaceAll(/\b(?:\w+\??\.)+(?!join)/g, "");
  const found = OF_FILE[`${file} ${inner}`] ?? HOLES[hole] ?? HOLES[inner];
  if (found === undefined) throw new Error(`what may stand in ${hole} of ${file}? Say so in HOLES.`);
  return found;
}

/** Keys of memory and of hashes. Those with a group share a map with the others of it. */
const KEYS: Readonly<Record<string, string>> = {
  "audit/canonical.ts: {canonicalString(name)}:{canonicalText(member)}": "",
  "audit/refusal-log.ts: {refusal.event} {refusal.reason} {refusal.address}": "",
  "audit/refusal-log.ts: {refusal.event} {refusal.reason}": "",
  "auth/api-tokens.ts: {API_TOKEN_ISSUER}|{subject}": "actors",
  "auth/proof.ts: {issuer.issuer}|{subject}": "",
  "auth/identity.ts: {named}:{uid}": "",
  "auth/service-account.ts: {SUBJECT_PREFIX}{namespace}:{name}": "",
  "engine/frames.ts: {subject.type} {subject.id} {subject.relation}": "",
  "engine/frames.ts: {nowMs} {content}": "",
  "engine/plan.ts: {type}#{relation}": "",
  "engine/read-table.ts: {subject.type} {subject.id} {subject.relation}": "",
  'engine/reverse-edges.ts: {scan.subjectType} {scan.subjectRelation ?? "*"} {scan.objectType} {scan.relation}': "",
  "engine/reverse-plan.ts: {subject.type}#{subject.relation} {target}": "",
  "engine/skeleton-answers.ts: {objectType} {objectId} {relation}": "",
  "engine/skeleton-answers.ts: {need.kind} {placeKey(need)}": "known",
  'engine/skeleton-answers.ts: {key} {need.subjectTypes.join(" ")}': "",
  'engine/skeleton-check.ts: {leaf}\\0{expiresAtMs ?? ""}\\0{caveat?.name ?? ""}\\0{caveat?.contextJson ?? ""}': "",
  "graph/caveat-slots.ts: {caveat.name} {caveat.contextJson}": "",
  "graph/read-keys.ts: {placeOf(key)} {key.subjectType} {key.subjectId} {key.subjectRelation}": "parts",
  "graph/read-keys.ts: {placeOf(key)} {subjectType}": "parts",
  "graph/read-keys.ts: {objectType} {objectId} {relation}": "parts",
  "model/object.ts: {object.type}:{object.id}": "",
  "model/object.ts: {subject.type}:{subject.id}": "subjects",
  "model/object.ts: {subject.type}:{subject.id}#{subject.relation}": "subjects",
  "model/tuple-text.ts: {key.objectType}:{key.objectId}#{key.relation}@{formatSubject(subject)}": "",
  "rpc/connections/front.ts: {remoteAddress}:{remotePort}": "",
  "service/compiled-schemas.ts: {schemaVersion}@{schemaName}": "",
  "service/contextual-source.ts: {key.objectType} {key.objectId} {key.relation}": "",
  "service/contextual-source.ts: {key.subjectType} {key.subjectId} {key.objectType} {key.relation}": "",
  "service/contextual-source.ts: {subject.subjectType} {subject.subjectId} {subject.subjectRelation}": "",
  "service/contextual-source.ts: {object.objectId} {object.subjectRelation}": "",
  "service/idempotency.ts: {verb}\\0{canonicalJson(meaning)}": "",
  "service/past-revisions.ts: {tenant.id}@{revision}": "",
  "service/remembering-source.ts: {need.kind} {need.objectType} {need.objectId} {need.relation}": "",
  "service/remembering-source.ts: {place} {need.subjectType} {need.subjectId} {need.subjectRelation}": "",
  'service/remembering-source.ts: {place} {need.subjectTypes.join(" ")}': "",
  "service/token-service/grant-exchange.ts: {subject.issuer}|{subject.subject}": "",
  "service/token-service/record.ts: {issuer}|{clientSubject(proved.client.clientId)}": "",
  "service/token-service/record.ts: {settings.issuer}|{clientSubject(proved.client.clientId)}": "",
  "storage/memory/tuple-table.ts: {relationKey(change.tuple)}\\0{subjectKey(change.tuple)}": "",
  "storage/memory/tuple-table.ts: {key.objectType}\\0{key.objectId}\\0{key.relation}": "",
  "storage/memory/tuple-table.ts: {key.subjectType}\\0{key.subjectId}\\0{key.subjectRelation}": "",
  "storage/memory/tuple-table.ts: {key.subjectType}\\0{key.subjectId}\\0{key.objectType}\\0{key.relation}": "",
  "storage/postgres/announce.ts: {tenantId}:{revision}": "",
  "storage/postgres/read-changes.ts: {key.objectType}\\0{key.objectId}\\0{key.relation}\\0{key.subjectType}\\0{key.subjectId}\\0{key.subjectRelation}":
    "",
};

/** Said to people, or made of names in the source and settings alone: nothing is found again by them. */
const SAID: ReadonlySet<string> = new Set([
  "auth/admission.ts: {scope} {shown(what)}",
  "auth/api-token-format.ts: rlt_{env}_{keyId}_{secret}",
  "auth/grant.ts: {issuer.issuer} {shown(subject)}",
  "auth/grant.ts: {claim} {shown(slug)}",
  "auth/key-refresh.ts: {error.message}: {describe(error.cause)}",
  "auth/own-secret.ts: {kind}_{env}_{id}_{secret}",
  "auth/own-secret.ts: {body}{checksum(body)}",
  "auth/refusal.ts: {reason}: {about}",
  "auth/required-string.ts: {where}{name}",
  "auth/service-account.ts: {where}{name}",
  "auth/spiffe-id.ts: {SCHEME}{trustDomain}",
  "auth/token.ts: {name}: {shown(json.key)}",
  "engine/strata.ts: {member.type}#{member.name}",
  "engine/validate.ts: {text}: {message}",
  "engine/validate.ts: {type}#{relation}",
  "model/object.ts: ^(?:{NAME_SEGMENT}/)*{NAME_SEGMENT}$",
  "model/tuple-filter.ts: {part(filter.objectType)}:{part(filter.objectId)}#{part(filter.relation)}@{part(filter.subjectType)}:{part(filter.subjectId)}{subjectRelation}",
  "model/tuple-text.ts: [{caveat.name}:{JSON.stringify(caveat.context)}]",
  "rpc/connections/tls.ts: {setting}: {problem}",
  "rpc/connections/tls.ts: {stats.ino} {stats.mtimeNs} {stats.size}",
  "rpc/edge-call.ts: {method.parent.typeName}/{method.name}",
  "rpc/http.ts: /{method.parent.typeName}/{method.name}",
  "rpc/oauth/metadata.ts: {issuer}{PATHS.token}",
  "rpc/oauth/metadata.ts: {issuer}{PATHS.jwks}",
  "rpc/oauth/metadata.ts: {issuer}{PATHS.introspect}",
  "rpc/oauth/metadata.ts: {issuer}{PATHS.revoke}",
  "rpc/reflection.ts: {symbol.typeName}.{method.name}",
  "rpc/routes/audit-wire.ts: {object}#{permission}@{subject}",
  "rpc/routes/credentials-wire.ts: {field}[{unknown}]",
  "rpc/routes/credentials-wire.ts: {field}[{at}]",
  "rpc/routes/credentials-wire.ts: {path}.relations[{index}]",
  "rpc/wire-fields.ts: {field} {problem}",
  "rpc/wire.ts: {field}[{index}]",
  "rpc/wire.ts: {field}.{name}",
  "service/at-field.ts: {field}: {error.message}",
  "service/credentials/fields.ts: {field} {problem}",
  "service/reach.ts: {type}#{relation}",
  "service/token-service/grant-exchange.ts: {name}: {error.detail}",
  "storage/embedded/binaries.ts: {process.platform}-{process.arch}",
  "storage/embedded/draft.ts: {target}.{process.pid}-",
  "storage/embedded/launch.ts: {name}={value}",
  "storage/embedded/postmaster.ts: .s.PGSQL.{port}{suffix}",
  "storage/embedded/runtime.ts: postgres-{bundle.version}-{process.platform}-{process.arch}",
  "storage/postgres/audit-drafts.ts: {operation} {formatTuple(tuple)}",
  'storage/postgres/boot-check.ts: {text}: {names.join(", ")}.',
  "storage/postgres/boot-check-audit.ts: {name} {rest}",
  "storage/postgres/statement.ts: {name}_{key}",
  "storage/postgres/tuple-columns.ts: {alias}.{column}",
]);

/** Lists that become one text. */
const LISTS: Readonly<Record<string, { readonly part: Domain; readonly between: string } | "said">> = {
  'engine/program.ts: const key = [type, rewrite.tupleset, ...sorted].join(" ");': { part: type, between: " " },
  'engine/skeleton-answers.ts: return need.kind === "objects" ? `{key} {need.subjectTypes.join(" ")}` : key;': "said",
  'engine/skeleton-check.ts: const sort = holding.map(keyOf).join("\\0");': {
    part: template('{leaf}\\0{expiresAtMs ?? ""}\\0{caveat?.name ?? ""}\\0{caveat?.contextJson ?? ""}'),
    between: "\0",
  },
  'service/remembering-source.ts: return `{place} {need.subjectTypes.join(" ")}`;': "said",
  'service/expand.ts: if (within === undefined) return place.join(" ");': { part: id, between: " " },
  'service/expand.ts: return [...place, within.list, subjectType, subjectId, subjectRelation].join(" ");': {
    part: id,
    between: " ",
  },
  'service/tuple-place.ts: return [key.objectType, key.objectId, key.relation, key.subjectType, key.subjectId, key.subjectRelation].join("\\0");':
    { part: maybe(id), between: "\0" },
  'service/credentials/held-by-caller.ts: { metadata: { scopes: missing.join(" ") } },': "said",
  'service/token-service/introspect.ts: scope: family.scopes.join(" "),': "said",
  'service/token-service/issue.ts: const scope = rights.scopes.join(" ");': "said",
  'storage/postgres/boot-check.ts: throw new RelataError("STORE_UNFIT", `relata refuses to serve from this database: {problems.join(" ")}`, {':
    "said",
  "rpc/connections/tls.ts: const mark = pathsOf(files).map(markNow).join();": "said",
  "rpc/connections/tls.ts: const now = (await Promise.all(paths.map(markOf))).join();": "said",
};

const DRAWS = 1_500;

/** Of many drawn, no two with other parts come out the same. @returns the first two that do */
function clash(draw: (random: Random) => { readonly parts: string; readonly text: string }): string | undefined {
  const random = seeded(7);
  const seen = new Map<string, string>();
  for (let n = 0; n < DRAWS; n += 1) {
    const { parts, text } = draw(random);
    const before = seen.get(text);
    if (before !== undefined && before !== parts) return `${before} and ${parts} are both ${JSON.stringify(text)}`;
    seen.set(text, parts);
  }
  return undefined;
}

function drawKey(random: Random, entries: readonly string[]) {
  const entry = pick(random, entries);
  const [file = "", text = ""] = entry.split(/: (.*)/s);
  const values = holesOf(text).map((hole) => domainOf(hole, file)(random));
  return { parts: JSON.stringify([entry, values]), text: filled(text, values) };
}

test("every text that the source puts together is looked at here", () => {
  const found = new Set(joinedTexts());
  expect([...found].filter((text) => !(text in KEYS) && !SAID.has(text))).toEqual([]);
  expect([...Object.keys(KEYS), ...SAID].filter((text) => !found.has(text))).toEqual([]);
  expect(new Set(joinedLists())).toEqual(new Set(Object.keys(LISTS)));
});

describe("two things never share a key", () => {
  test.each(Object.keys(KEYS))("%s", (entry) => {
    expect(clash((random) => drawKey(random, [entry]))).toBeUndefined();
  });

  const groups = Map.groupBy(
    Object.entries(KEYS).filter(([, group]) => group !== ""),
    ([, group]) => group,
  );
  test.each([...groups])("nor two of the map of %s", (_, entries) => {
    expect(
      clash((random) =>
        drawKey(
          random,
          entries.map(([entry]) => entry),
        ),
      ),
    ).toBeUndefined();
  });

  const lists = Object.entries(LISTS).flatMap(([line, list]) => (list === "said" ? [] : [[line, list] as const]));
  test.each(lists)("nor two lists: %s", (_, { part, between }) => {
    const drawn = (random: Random) => {
      const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => part(random));
      return { parts: JSON.stringify(parts), text: parts.join(between) };
    };
    expect(clash(drawn)).toBeUndefined();
  });

  test("which this finds out: joined by a letter that ids may have, two do", () => {
    for (const bad of ["{objectId}:{subjectId}", "{objectId}{subjectId}", "{subject}|{subject}"])
      expect(
        clash((random) => drawKey(random, [`x.ts: ${bad}`])),
        bad,
      ).toMatch(/are both/);
  });
});
