import { WILDCARD_ID } from "../../src/model/object.ts";

/** What both take; relata also takes `. @ : ~ % !`. `=` is left out: it begins what was translated. */
const PLAIN = /^[a-zA-Z0-9/_|\-+]+$/;
const NOT_PLAIN = /[^a-zA-Z0-9/_|\-+]/g;

/** An id that SpiceDB takes, another one for each: `anne@b.org` is `anne=40b=2Eorg`. What tells a wildcard stays one. */
export function idOf(id: string, tenant: string): string {
  if (id === WILDCARD_ID) return id;
  const plain = PLAIN.test(id) ? id : id.replaceAll(NOT_PLAIN, (character) => `=${hexOf(character)}`);
  return tenant + plain;
}

/** SpiceDB knows no tenants: ids begin with theirs. */
export function tenantPrefix(tenants: number, tenant = 0): string {
  return tenants === 1 ? "" : `t${tenant}/`;
}

export function isTranslated(id: string): boolean {
  return id !== WILDCARD_ID && !PLAIN.test(id);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
}
