import { z } from "zod";
import { isObjectScope } from "../model/access.ts";
import { API_TOKEN_ISSUER } from "../model/api-token.ts";
import { isRelationName, isTypeName } from "../model/object.ts";
import type { ExchangeSettings, TokenServiceSettings } from "../model/token-service.ts";
import { SIGNING_ALGORITHMS } from "../model/trust.ts";
import { duration, isSafeKeyUrl, keySource, nonEmpty, oneOf, scopes, strict, text } from "./trust-settings.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Where addresses and documents begin, so without anything behind the port. */
const origin = text
  .refine(isSafeKeyUrl, "must be an https address; http only on localhost, 127.0.0.1 or [::1]")
  .refine((value) => URL.canParse(value) && new URL(value).origin === value, {
    message: "must be an origin, in lower case and without path or trailing /: https://auth.example.com",
  });

const exchangeIssuer = strict({
  issuer: text
    .refine((value) => !value.includes("|"), 'must not hold "|", which separates issuer and subject')
    .refine((value) => value !== API_TOKEN_ISSUER, "is the name of relata's own API tokens in logs and history"),
  profile: oneOf(["oauth", "oidc"]),
  keys: keySource,
  algorithms: nonEmpty(oneOf(SIGNING_ALGORITHMS), `algorithm of ${SIGNING_ALGORITHMS.join(", ")}`),
  audiences: nonEmpty(text, "audience: the `aud` value of the tokens that may be exchanged"),
  maxLifetimeMs: duration(1_000, 365 * DAY_MS).default(DAY_MS),
  clockSkewMs: duration(0, MINUTE_MS).default(10_000),
}).refine((value) => value.keys.kind !== "discovery" || isSafeKeyUrl(value.issuer), {
  path: ["issuer"],
  message: "keys by discovery need an https issuer; http only on localhost, 127.0.0.1 or [::1]",
});

const objectLimit = z
  .strictObject({
    type: z.string().refine(isTypeName, "must be an object type"),
    relations: z.array(z.string().refine(isRelationName, "must be a relation or permission")).min(1).optional(),
  })
  .transform(({ type, relations }) => (relations === undefined ? { type } : { type, relations }));

/** `type:` and a text of the characters an id may have, in which the placeholders stand. */
function named(placeholders: readonly string[], needed: string) {
  const known = new RegExp(`\\{(?:${placeholders.join("|")})\\}`, "g");
  return text
    .refine(
      (value) => {
        const colon = value.indexOf(":");
        const id = value.slice(colon + 1).replaceAll(known, "");
        return colon > 0 && isTypeName(value.slice(0, colon)) && /^[a-zA-Z0-9/_|\-=+.@:~%!]*$/.test(id);
      },
      `must be a type, ":" and an id in which ${placeholders.map((name) => `{${name}}`).join(", ")} may stand`,
    )
    .refine((value) => value.includes(needed), `must name ${needed}`);
}

const exchange = strict({
  issuers: nonEmpty(exchangeIssuer, "issuer whose tokens are exchanged"),
  membership: strict({
    object: named(["tenant"], "{tenant}"),
    permission: text.refine(isRelationName, "must be a relation or permission"),
    subject: named(["sub", "iss"], "{sub}"),
    wildcards: z.boolean().default(false),
  }),
  scopes,
  objects: z.array(objectLimit, "expected a list of { type, relations }").default([]),
  clients: oneOf(["required", "optional"]).default("required"),
}).superRefine((value, context) => {
  const wide = value.scopes.find((scope) => !isObjectScope(scope));
  if (value.objects.length > 0 && wide !== undefined) {
    const message = `"${wide}" concerns the tenant as a whole and cannot stand beside \`objects\``;
    context.addIssue({ code: "custom", path: ["scopes"], message });
  }
  if (value.issuers.length > 1 && !value.membership.subject.includes("{iss}")) {
    const message = "must name {iss} where there are several issuers: two of them may know two people by one name";
    context.addIssue({ code: "custom", path: ["membership", "subject"], message });
  }
  const pair = pairThatMeets(
    value.membership.subject,
    value.issuers.map(({ issuer }) => issuer),
  );
  if (pair !== undefined) {
    const [one, other] = pair;
    const message = `lets ${one} name a subject that is taken for one of ${other}: put a "|" between {iss} and {sub}`;
    context.addIssue({ code: "custom", path: ["membership", "subject"], message });
  }
  for (const [index, { issuer }] of value.issuers.entries()) {
    if (value.issuers.findIndex((other) => other.issuer === issuer) < index) {
      context.addIssue({ code: "custom", path: ["issuers", index, "issuer"], message: `"${issuer}" is listed twice` });
    }
  }
});

/**
 * Two issuers of which one could choose a `sub` that makes the same name as a `sub` of the other's. None can where, for each two,
 * what stands before the first `{sub}` differs before either ends, or what stands behind the last one does from behind.
 */
function pairThatMeets(template: string, issuers: readonly string[]): readonly [string, string] | undefined {
  if (!template.includes("{iss}")) return undefined;
  const ends = issuers.map((issuer) => {
    const filled = template.replaceAll("{iss}", () => issuer);
    const head = filled.slice(0, filled.indexOf("{sub}"));
    return { issuer, head, tail: filled.slice(filled.lastIndexOf("{sub}") + "{sub}".length) };
  });
  for (const [index, one] of ends.entries()) {
    const other = ends
      .slice(index + 1)
      .find(
        ({ issuer, head, tail }) =>
          issuer !== one.issuer &&
          (head.startsWith(one.head) || one.head.startsWith(head)) &&
          (tail.endsWith(one.tail) || one.tail.endsWith(tail)),
      );
    if (other !== undefined) return [one.issuer, other.issuer];
  }
  return undefined;
}

const LIFETIME = "must be from 5m to 15m: revocation reaches every node, and this is for those who check offline";

export const tokenServiceSetting: z.ZodType<TokenServiceSettings> = strict({
  issuer: origin,
  audience: text,
  accessTokenLifetimeMs: duration(1, DAY_MS)
    .refine((value) => value >= 5 * MINUTE_MS && value <= 15 * MINUTE_MS, LIFETIME)
    .default(10 * MINUTE_MS),
  refreshTokenLifetimeMs: duration(5 * MINUTE_MS, 90 * DAY_MS).default(DAY_MS),
  scopes,
  exchange: (exchange as z.ZodType<ExchangeSettings>).optional(),
}).superRefine((value, context) => {
  if (value.exchange?.issuers.some(({ issuer }) => issuer === value.issuer) === true) {
    context.addIssue({
      code: "custom",
      path: ["exchange", "issuers"],
      message: "relata's own tokens are not exchanged",
    });
  }
});
