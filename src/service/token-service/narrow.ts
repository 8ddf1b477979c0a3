import { type Access, accessOf, commonAccess, type ObjectLimit, type Reach } from "../../model/access.ts";
import { SCOPES, type Scope } from "../../model/scope.ts";
import { OAuthError } from "./oauth-error.ts";

/** Scopes, and the objects they are narrowed to; none narrows nothing. */
export interface Rights {
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
}

/** What all of them allow. Scopes that would be left without any object are not among it. */
export function commonRights(first: Rights, ...others: readonly Rights[]): Rights {
  const access = others.map(accessOfRights).reduce(commonAccess, accessOfRights(first));
  const scopes = SCOPES.filter((scope) => access.has(scope));
  const narrowed = [...access.values()].find((reach) => reach !== "all");
  return { scopes, objects: narrowed === undefined ? [] : limitsOf(narrowed) };
}

function accessOfRights({ scopes, objects }: Rights): Access {
  return accessOf(scopes, objects);
}

function limitsOf(reach: Exclude<Reach, "all">): readonly ObjectLimit[] {
  return [...reach].map(([type, relations]) =>
    relations === "all" ? { type } : { type, relations: [...relations].toSorted() },
  );
}

/**
 * The scopes a request names (RFC 6749 §3.3); undefined when it names none.
 * @throws OAuthError invalid_scope for a word that is no scope
 */
export function requestedScopes(text: string | undefined): readonly Scope[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(" ");
  const unknown = words.find((word) => !SCOPES.some((scope) => scope === word));
  if (unknown !== undefined) {
    throw new OAuthError("invalid_scope", "scope is a list of relata's scopes, separated by single spaces");
  }
  return SCOPES.filter((scope) => words.includes(scope));
}

/** @throws OAuthError invalid_scope when nothing is left */
export function requireSome(rights: Rights): Rights {
  if (rights.scopes.length > 0) return rights;
  throw new OAuthError("invalid_scope", "none of the scopes asked for can be granted here");
}
