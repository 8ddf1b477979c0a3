/** What a principal may call. One scope per family of methods; a method that lists none is refused. */
export const SCOPES = [
  "check",
  "tuples:read",
  "tuples:write",
  "schema:read",
  "schema:write",
  "tenants:read",
  "tenants:write",
  "credentials:read",
  "credentials:write",
  "audit:read",
] as const;
export type Scope = (typeof SCOPES)[number];
