import type { Scope } from "../../src/model/scope.ts";
import type { Binding } from "../../src/model/trust.ts";
import type { TestIssuer } from "../support/tokens.ts";
import type { Outcome } from "./matrix-client.ts";
import { type Row, SCOPE_SETS } from "./matrix-table.ts";

/** Where a caller is who calls, as it were. */
export interface Situation {
  readonly name: string;
  /** The `authorization` of a caller with these scopes; empty for none. */
  readonly credential: (set: string) => string;
  /** `relata-tenant`. */
  readonly header?: string;
  readonly expected: (row: Row, holds: boolean) => Outcome;
}

/** Tenants `north`, `south` and `west` are there, `atlantis` is not. */
export const TENANTS = ["north", "south", "west"];

/** One token is revoked by its `jti`; all these share it. */
export const REVOKED_JTI = "revoked";

const inTenant = ({ kind }: Row, holds: boolean): Outcome => (kind !== "platform" && holds ? "reached" : "denied");
const onPlatform = ({ kind }: Row, holds: boolean): Outcome => (kind !== "tenant" && holds ? "reached" : "denied");
/** Methods of the platform have no tenant to choose; those for either caller mean one by it. */
const naming = ({ kind }: Row, holds: boolean): Outcome => (kind === "platform" && holds ? "reached" : "denied");
const never = (): Outcome => "denied";
const unproved = (): Outcome => "unauthenticated";

/** Own, other, unknown: of a caller who is in `north` alone. */
export function placesOf(credential: Situation["credential"]): readonly Situation[] {
  return [
    { name: "own tenant", credential, expected: inTenant },
    { name: "own tenant, named", credential, header: "north", expected: inTenant },
    { name: "other tenant", credential, header: "south", expected: never },
    { name: "unknown tenant", credential, header: "atlantis", expected: never },
  ];
}

export const endedAs = (name: string, credential: Situation["credential"]): Situation => ({
  name,
  credential,
  expected: unproved,
});

/** The situations that matter most, and variations of them. */
export interface JwtSituations {
  readonly main: readonly Situation[];
  readonly more: readonly Situation[];
}

/**
 * JWTs. `claimed` takes tenant and scopes from claims; the subjects of `bound` are bound to several tenants or to the platform,
 * one for each set of scopes.
 */
export function jwtSituations(claimed: TestIssuer, bound: TestIssuer): JwtSituations {
  const solo = (more: object = {}) =>
    bySet((set, scopes) => claimed.bearer({ tenant: "north", scope: scopes.join(" "), jti: `solo ${set}`, ...more }));
  const subject = (who: string, more: object = {}) =>
    bySet((set) => bound.bearer({ sub: subjectOf(who, set), tenant: undefined, scope: "", ...more }));
  const [several, operator] = [subject("several"), subject("operator")];
  const revoked = { jti: REVOKED_JTI };
  const nowS = Math.floor(Date.now() / 1000);
  const expired = { iat: nowS - 600, exp: nowS - 120 };
  return {
    main: [
      ...placesOf(solo()),
      { name: "no tenant of several", credential: several, expected: never },
      endedAs("revoked", solo(revoked)),
      endedAs("expired", solo(expired)),
      { name: "platform", credential: operator, expected: onPlatform },
    ],
    more: [
      { name: "one of several", credential: several, header: "west", expected: inTenant },
      { name: "none of several", credential: several, header: "south", expected: never },
      { name: "platform, other tenant", credential: operator, header: "south", expected: naming },
      { name: "platform, unknown tenant", credential: operator, header: "atlantis", expected: naming },
      endedAs("nobody", () => ""),
      { ...endedAs("nobody, naming a tenant", () => ""), header: "south" },
      endedAs("platform, revoked", subject("operator", revoked)),
      endedAs("platform, expired", subject("operator", expired)),
    ],
  };
}

/** One for each set of scopes, made once. */
export function bySet(make: (set: string, scopes: readonly string[]) => string): Situation["credential"] {
  const made = new Map([...SCOPE_SETS].map(([set, scopes]) => [set, make(set, scopes)]));
  return (set) => made.get(set) ?? "";
}

const subjectOf = (who: string, set: string): string => `${who}: ${set}`;

export function bindingsFor(issuer: string): readonly Binding[] {
  return [...SCOPE_SETS].flatMap(([set, names]) => {
    const scopes = names as readonly Scope[];
    return [
      { issuer, subject: subjectOf("several", set), tenants: ["north", "west"], platform: false, scopes },
      { issuer, subject: subjectOf("operator", set), tenants: [], platform: true, scopes },
    ];
  });
}
