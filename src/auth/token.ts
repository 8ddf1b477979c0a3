import { SIGNING_ALGORITHMS, type SigningAlgorithm } from "../model/trust.ts";
import { refuse, shown } from "./refusal.ts";
import { type JsonMembers, parseStrictJson } from "./strict-json.ts";

/** A compact JWS as it says of itself: nothing of it is proved yet. */
export interface UnverifiedToken {
  readonly text: string;
  readonly algorithm: SigningAlgorithm;
  /** Opaque: only ever a key into a map in memory. */
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  /** Names of all members of the header. */
  readonly members: readonly string[];
  readonly claims: JsonMembers;
}

/** Longest kid and typ, characters. */
const MAX_HEADER_STRING = 512;

/**
 * Takes a token apart and checks its header, before any key is looked for or any signature computed.
 * `jku`, `x5u`, `jwk` and `x5c` are ignored: keys come from the operator's settings alone, and honest issuers do send them.
 */
export function parseToken(text: string): UnverifiedToken {
  const parts = text.split(".");
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || signature === undefined) {
    refuse("malformed_parts", `${parts.length} parts`);
  }
  const headerMembers = readPart(header, "header");
  const claims = readPart(payload, "payload");
  const checked = checkHeader(headerMembers);
  if (signature === "") refuse("signature_missing");
  decodePart(signature, "signature");
  return { text, claims, ...checked };
}

function checkHeader(header: JsonMembers): Pick<UnverifiedToken, "algorithm" | "kid" | "typ" | "members"> {
  const algorithm = header.get("alg");
  if (typeof algorithm === "string" && algorithm.toLowerCase() === "none") refuse("alg_none");
  if (!isSigningAlgorithm(algorithm)) refuse("alg_not_allowed", shown(algorithm));
  // RFC 7515 §4.1.11: what is critical and not understood makes the token invalid. Nothing is understood.
  if (header.has("crit")) refuse("unknown_crit", shown(header.get("crit")));
  for (const name of ["b64", "zip", "enc"]) if (header.has(name)) refuse("header_not_supported", name);
  return { algorithm, kid: headerString(header, "kid"), typ: headerString(header, "typ"), members: [...header.keys()] };
}

function headerString(header: JsonMembers, name: string): string | undefined {
  const value = header.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "" || value.length > MAX_HEADER_STRING) refuse("header_invalid", name);
  return value;
}

function isSigningAlgorithm(name: unknown): name is SigningAlgorithm {
  return SIGNING_ALGORITHMS.some((known) => known === name);
}

function readPart(part: string, name: string): JsonMembers {
  const json = parseStrictJson(decodePart(part, name));
  switch (json.kind) {
    case "object":
      return json.members;
    case "duplicate":
      return refuse("duplicate_claim", `${name}: ${shown(json.key)}`);
    case "invalid":
      return refuse("bad_json", name);
  }
}

/** Every byte string has one base64url spelling: padding, other alphabets and stray last bits are refused. */
function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) refuse("bad_base64", name);
  return bytes;
}
