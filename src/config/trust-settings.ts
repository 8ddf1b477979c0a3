import { z } from "zod";
import { isRelationName, isTypeName } from "../model/object.ts";
import { SCOPES } from "../model/scope.ts";
import { isTenantSlug } from "../model/tenant.ts";
import { type Binding, ISSUER_PROFILES, SIGNING_ALGORITHMS, type TrustedIssuer } from "../model/trust.ts";
import { closestName } from "./closest.ts";
import { parseDurationMs } from "./quantity.ts";

/** An HMAC key of consistency tokens and cursors. The first of a list signs, all of them verify. */
export interface TokenKey {
  /** Travels in the token, so that keys can be rotated: 1–16 of `a-z A-Z 0-9 _ -`. */
  readonly id: string;
  /** At least 32 bytes of UTF-8: SHA-256's output, the length RFC 2104 advises. */
  readonly secret: string;
}

const MIN_SECRET_BYTES = 32;
const DAY_MS = 86_400_000;

/** A list of names of which the unknown ones are refused with what was probably meant. */
export function oneOf<const T extends readonly string[]>(names: T) {
  return z.enum(names, {
    error: ({ input }) => {
      const meant = typeof input === "string" ? closestName(input, names) : undefined;
      const expected = `expected one of ${names.join(", ")}, found ${JSON.stringify(input)}`;
      return meant === undefined ? expected : `${expected}; did you mean "${meant}"?`;
    },
  });
}

/** An object whose unknown keys are refused with what was probably meant. */
export function strict<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys ?? [], known);
      return issue.code === "invalid_type" ? `expected a mapping with ${known.join(", ")}` : undefined;
    },
  });
}

export function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  return keys
    .map((key) => {
      const meant = closestName(key, known);
      return meant === undefined
        ? `unknown key "${key}"; known are ${known.join(", ")}`
        : `unknown key "${key}"; did you mean "${meant}"?`;
    })
    .join("; ");
}

export function duration(minMs: number, maxMs: number) {
  return z.preprocess(
    (value) => parseDurationMs(value) ?? value,
    z
      .number({
        error: ({ input }) => `expected milliseconds or a duration such as 30s, 5m, 24h, found ${show(input)}`,
      })
      .int("expected a whole number of milliseconds")
      .min(minMs, `must be at least ${minMs} ms`)
      .max(maxMs, `must be at most ${maxMs} ms`),
  );
}

export function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

export const text = z
  .string({ error: ({ input }) => `expected a text, found ${show(input)}` })
  .min(1, "must not be empty");

/** Keys fetched in clear text could be exchanged on the way, so `http` is for this machine only. */
const keyUrl = text.refine(isSafeKeyUrl, "must be an https address; http only to localhost, 127.0.0.1 or [::1]");

export const keySource = z.discriminatedUnion(
  "kind",
  [
    strict({ kind: z.literal("discovery") }),
    strict({ kind: z.literal("jwks"), url: keyUrl }),
    strict({ kind: z.literal("file"), path: text }),
  ],
  { error: "expected { kind: discovery }, { kind: jwks, url: … } or { kind: file, path: … }" },
);

const tenantSource = z.discriminatedUnion(
  "kind",
  [strict({ kind: z.literal("claim"), claim: text }), strict({ kind: z.literal("bindings") })],
  { error: "expected { kind: claim, claim: … } or { kind: bindings }" },
);

export function nonEmpty<T extends z.ZodType>(item: T, what: string) {
  const message = `must list at least one ${what}`;
  return z
    .array(item, { error: ({ input }) => (input === undefined ? message : `expected a list, found ${show(input)}`) })
    .min(1, message);
}

export const scopes = z.array(oneOf(SCOPES), {
  error: `expected a list of scopes (${SCOPES.join(", ")}); empty allows nothing`,
});

const flag = z.boolean("expected true or false").default(false);

/** A rule that is looked at whatever else is wrong, so that all problems are told at once. */
const BESIDE_OTHERS = ({ value }: { readonly value: unknown }): boolean => typeof value === "object" && value !== null;

const issuer = strict({
  issuer: text.optional(),
  trustDomain: text.optional(),
  profile: oneOf(ISSUER_PROFILES),
  keys: keySource,
  algorithms: nonEmpty(oneOf(SIGNING_ALGORITHMS), `algorithm of ${SIGNING_ALGORITHMS.join(", ")}`),
  audiences: nonEmpty(text, "audience: the `aud` value this issuer's tokens carry for this service"),
  tenant: tenantSource,
  scopes,
  maxLifetimeMs: duration(1_000, 365 * DAY_MS).default(DAY_MS),
  clockSkewMs: duration(0, 60_000).default(10_000),
  requireSingleAudience: flag,
  requireCertificateBinding: flag,
  requireUid: flag,
  bindAnySubject: flag,
})
  .refine(({ issuer: name, profile }) => profile === "spiffe" || name !== undefined, {
    path: ["issuer"],
    message: "expected a text, found nothing",
    when: BESIDE_OTHERS,
  })
  .refine(({ issuer: name, profile }) => profile !== "spiffe" || name === undefined, {
    path: ["issuer"],
    message: "profile spiffe has `trustDomain` in its place",
    when: BESIDE_OTHERS,
  })
  .refine(({ trustDomain, profile }) => profile !== "spiffe" || trustDomain !== undefined, {
    path: ["trustDomain"],
    message: "expected the name of the trust domain, such as prod.example.com",
    when: BESIDE_OTHERS,
  })
  .refine(({ trustDomain, profile }) => profile === "spiffe" || trustDomain === undefined, {
    path: ["trustDomain"],
    message: "belongs to profile spiffe; others have `issuer`",
    when: BESIDE_OTHERS,
  })
  .transform(({ issuer: name, trustDomain, ...rest }) => ({ issuer: name ?? `spiffe://${trustDomain}`, ...rest }))
  .refine((value) => value.keys.kind !== "discovery" || value.profile === "spiffe" || isSafeKeyUrl(value.issuer), {
    path: ["issuer"],
    message: "keys by discovery need an https issuer; http only on localhost, 127.0.0.1 or [::1]",
  });

export const issuersSetting: z.ZodType<readonly TrustedIssuer[]> = nonEmpty(issuer, "trusted issuer").superRefine(
  (list, context) => {
    for (const [index, { issuer: name }] of list.entries()) {
      if (list.findIndex((other) => other.issuer === name) < index) {
        context.addIssue({ code: "custom", path: [index, "issuer"], message: `issuer "${name}" is listed twice` });
      }
    }
  },
);

const binding = strict({
  issuer: text,
  subject: text.refine((value) => /^[^*]*\*?$/.test(value), "`*` may stand at the end only"),
  tenants: z
    .array(
      text.refine(isTenantSlug, "is not a tenant slug (a-z, 0-9 and inner -, at most 63)"),
      "expected a list of tenant slugs",
    )
    .default([]),
  platform: z.boolean("expected true or false").default(false),
  scopes,
  objects: z
    .array(
      strict({
        type: text.refine(isTypeName, "is not the name of a type"),
        relations: z
          .array(text.refine(isRelationName, "is not the name of a relation or permission"), "expected a list of names")
          .min(1, "must list at least one relation or permission; leave it out for all")
          .exactOptional(),
      }),
      "expected a list of { type, relations }",
    )
    .default([]),
}).refine((value) => value.platform || value.tenants.length > 0, {
  path: ["tenants"],
  message: "must list at least one tenant, or set `platform: true`",
});

export const bindingsSetting: z.ZodType<readonly Binding[]> = z.array(binding, "expected a list of bindings");

const tokenKey = strict({
  id: text.regex(/^[A-Za-z0-9_-]{1,16}$/, "must be 1 to 16 of a-z A-Z 0-9 _ -"),
  // A wrong secret is not shown in the message.
  secret: z
    .string(`must be a text of at least ${MIN_SECRET_BYTES} bytes, or { file: PATH }`)
    .refine((value) => Buffer.byteLength(value) >= MIN_SECRET_BYTES, {
      message: `must be at least ${MIN_SECRET_BYTES} bytes; make one with \`openssl rand -base64 33\``,
    }),
});

export const tokenKeysSetting: z.ZodType<readonly TokenKey[]> = nonEmpty(tokenKey, "key, { id, secret }").superRefine(
  (list, context) => {
    for (const [index, { id }] of list.entries()) {
      if (list.findIndex((other) => other.id === id) < index) {
        context.addIssue({ code: "custom", path: [index, "id"], message: `key id "${id}" is listed twice` });
      }
    }
  },
);

export const slugsSetting: z.ZodType<readonly string[]> = z.array(
  z.string({ error: ({ input }) => `expected a tenant's slug, found ${show(input)}` }).refine(isTenantSlug, {
    error: ({ input }) => `${JSON.stringify(input)} is no tenant's slug`,
  }),
  { error: ({ input }) => `expected a list of tenants' slugs, found ${show(input)}` },
);

export function isSafeKeyUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));
}
