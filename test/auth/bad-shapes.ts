import type { TestIssuer } from "../support/tokens.ts";
import { encodePart, signToken } from "../support/tokens-raw.ts";
import { type BadToken, bad } from "./world.ts";

/** A bearer of `issuer` whose payload is exactly this text, rightly signed. */
const payload = (issuer: TestIssuer, text: string | Buffer): string => {
  const body = Buffer.isBuffer(text) ? text.toString("latin1") : text;
  return `Bearer ${signToken(issuer.header(), body, issuer.key())}`;
};

const parts = (token: string): [string, string, string] => token.split(".") as [string, string, string];

/** The payload as JSON text with one more member written in front. */
const withMember = (issuer: TestIssuer, member: string): string =>
  payload(issuer, JSON.stringify(issuer.claims()).replace("{", `{${member},`));

/** The last character of a 64 byte signature in base64url has four bits to spare. */
const strayBits = (token: string): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.at(-1) ?? "");
  return token.slice(0, -1) + alphabet[last + 1];
};

export const badShapes: readonly BadToken[] = [
  bad("token_missing", "no header", () => undefined),
  bad("token_missing", "an empty authorization header", () => ""),
  bad("scheme_not_bearer", "a password", () => "Basic c2VydmljZTpzZWNyZXQ="),
  bad("scheme_not_bearer", "DPoP", (w) => `DPoP ${w.oauth.mint()}`),
  bad("scheme_not_bearer", "a token without scheme", (w) => w.oauth.mint()),
  bad("scheme_not_bearer", "a scheme without token", () => "Bearer "),
  bad(
    "scheme_not_bearer",
    "two spaces",
    (w) => `Bearer  ${w.oauth.mint()}`,
    (w) => `bEaReR ${w.oauth.mint()}`,
  ),
  bad("scheme_not_bearer", "two headers joined by a proxy", (w) => `${w.oauth.bearer()}, ${w.oauth.bearer()}`),
  bad(
    "token_too_large",
    "longer than allowed",
    (w) => w.oauth.bearer({ filler: "x".repeat(4096) }),
    (w) => w.oauth.bearer({ filler: "x".repeat(2000) }),
  ),
  bad("token_too_large", "a megabyte of dots", () => `Bearer ${".".repeat(1_000_000)}`),
  bad("malformed_parts", "one part", () => "Bearer token"),
  bad("malformed_parts", "two parts", (w) => `Bearer ${parts(w.oauth.mint()).slice(0, 2).join(".")}`),
  bad("malformed_parts", "four parts", (w) => `${w.oauth.bearer()}.AAAA`),
  bad("malformed_parts", "five parts, as of an encrypted token", (w) => `${w.oauth.bearer()}.AAAA.AAAA`),
  bad("malformed_parts", "an empty payload", (w) => `Bearer ${parts(w.oauth.mint())[0]}..AAAA`),
  bad("malformed_parts", "an empty header", (w) => `Bearer .${parts(w.oauth.mint())[1]}.AAAA`),
  bad("bad_base64", "padding", (w) => `${w.oauth.bearer()}==`),
  bad("bad_base64", "the other alphabet", (w) => `Bearer ${parts(w.oauth.mint())[0]}.ab+/.AAAA`),
  bad("bad_base64", "a character too many", (w) => `${w.oauth.bearer()}AAA`),
  bad("bad_base64", "another spelling of the same signature", (w) => `Bearer ${strayBits(w.oauth.mint())}`),
  bad("bad_base64", "letters outside ASCII", (w) => `Bearer ${parts(w.oauth.mint())[0]}.é.AAAA`),
  bad("bad_json", "a payload that is no JSON", (w) => payload(w.oauth, "sub=service")),
  bad("bad_json", "a payload cut short", (w) => payload(w.oauth, '{"sub":"service"')),
  bad("bad_json", "a payload that is an array", (w) => payload(w.oauth, JSON.stringify([w.oauth.claims()]))),
  bad("bad_json", "a payload that is null", (w) => payload(w.oauth, "null")),
  bad("bad_json", "a payload with a byte order mark", (w) =>
    payload(w.oauth, `\ufeff${JSON.stringify(w.oauth.claims())}`),
  ),
  bad("bad_json", "a payload that is not UTF-8", (w) => {
    const [header] = parts(w.oauth.mint());
    const text = Buffer.from(JSON.stringify(w.oauth.claims({ sub: "\u00ff" })), "latin1");
    return `Bearer ${header}.${encodePart(text)}.AAAA`;
  }),
  bad("bad_json", "a header that is no JSON", (w) => `Bearer ${encodePart("alg")}.${parts(w.oauth.mint())[1]}.AAAA`),
  bad("bad_json", "thousands of brackets", () => `Bearer e30.${encodePart("[".repeat(2500))}.AAAA`),
  bad(
    "duplicate_claim",
    "two subjects",
    (w) => withMember(w.oauth, '"sub":"admin"'),
    (w) => withMember(w.oauth, '"sub2":"admin"'),
  ),
  bad("duplicate_claim", "two subjects, one spelled with an escape", (w) => withMember(w.oauth, '"\\u0073ub":"admin"')),
  bad("duplicate_claim", "twice the same expiry", (w) => withMember(w.oauth, `"exp" : ${w.oauth.claims()["exp"]}`)),
  bad(
    "duplicate_claim",
    "two of a name deep inside",
    (w) => withMember(w.oauth, '"a":[{"b":{"c":1,"c":2}}]'),
    (w) => withMember(w.oauth, '"a":[{"b":{"c":1}},{"b":{"c":"c\\": {","d":["c","c"]}}]'),
  ),
  bad("duplicate_claim", "two algorithms", (w) => {
    const { kid } = w.oauth.key();
    const header = `{"alg":"none","typ":"at+jwt","kid":"${kid}","alg":"ES256"}`;
    return `Bearer ${signToken(header, w.oauth.claims(), w.oauth.key())}`;
  }),
];
