import { type BadToken, bad, nowS, type World } from "./world.ts";

const good = (w: World): string => w.kubernetes.bearer();

/** A token with other members of `kubernetes.io`. */
const about =
  (members: Record<string, unknown>, claims: Record<string, unknown> = {}) =>
  (w: World): string =>
    w.kubernetes.bearer(claims, members);

export const badServiceAccounts: readonly BadToken[] = [
  bad(
    "claim_missing",
    "an account that is not described",
    (w) => w.kubernetes.bearer({ "kubernetes.io": undefined }),
    good,
  ),
  bad("claim_invalid", "an account described in a word", (w) => w.kubernetes.bearer({ "kubernetes.io": "shop" }), good),
  bad("claim_missing", "an account of no namespace", about({ namespace: undefined }), good),
  bad("claim_missing", "a pod without an account", about({ serviceaccount: undefined }), good),
  bad("claim_invalid", "a list of accounts", about({ serviceaccount: [{ name: "cart", uid: "1" }] }), good),
  bad("claim_missing", "an account without uid", about({ serviceaccount: { name: "cart" } }), good),
  bad("claim_missing", "an account without name", about({ serviceaccount: { uid: "1" } }), good),
  bad(
    "claim_invalid",
    "a uid with a colon",
    about({ serviceaccount: { name: "cart", uid: "1:2" } }),
    about({ serviceaccount: { name: "cart", uid: "1-2" } }),
  ),
  bad("claim_invalid", "a name with a colon", about({ serviceaccount: { name: "cart:x", uid: "1" } }), good),
  bad("claim_invalid", "a namespace with a colon", about({ namespace: "shop:cart" }), good),
  bad("claim_invalid", "a subject of another namespace", (w) =>
    w.kubernetes.bearer({ sub: "system:serviceaccount:kube-system:cart" }),
  ),
  bad("claim_invalid", "a subject of another name", (w) =>
    w.kubernetes.bearer({ sub: "system:serviceaccount:shop:admin" }),
  ),
  bad("claim_missing", "an account's token without subject", (w) => w.kubernetes.bearer({ sub: undefined }), good),
  bad("audience_mismatch", "a token for the API server", (w) =>
    w.kubernetes.bearer({ aud: ["https://kubernetes.default.svc"] }),
  ),
  bad("exp_missing", "an account's token without end", (w) => w.kubernetes.bearer({ exp: undefined }), good),
  bad("claim_missing", "an account's token without beginning", (w) => w.kubernetes.bearer({ iat: undefined }), good),
  bad("not_yet_valid", "an account's token of tomorrow", (w) => w.kubernetes.bearer({ nbf: nowS(w) + 31 }), good),
  bad(
    "lifetime_too_long",
    "a token extended to a year, as API servers do for old clients",
    (w) => w.kubernetes.bearer({ exp: nowS(w) + 31_536_000 }, { warnafter: nowS(w) + 3607 }),
    (w) => w.kubernetes.bearer({ exp: nowS(w) + 86_400 }, { warnafter: nowS(w) + 3607 }),
  ),
  bad("token_kind_not_allowed", "a token kept in a Secret, by its issuer", (w) =>
    w.kubernetes.bearer({ iss: "kubernetes/serviceaccount", exp: undefined, aud: undefined }),
  ),
  bad(
    "token_kind_not_allowed",
    "a token kept in a Secret, by its claims",
    (w) =>
      w.kubernetes.bearer({
        "kubernetes.io/serviceaccount/namespace": "shop",
        "kubernetes.io/serviceaccount/service-account.uid": "1",
      }),
    good,
  ),
  bad("typ_not_allowed", "an account's token typed as an access token", (w) =>
    w.kubernetes.bearer({}, {}, { typ: "at+jwt" }),
  ),
  bad(
    "subject_unbound",
    "an account that only begins like a bound one",
    about({ serviceaccount: { name: "cart2", uid: "1" } }, { sub: "system:serviceaccount:shop:cart2" }),
    good,
  ),
];
