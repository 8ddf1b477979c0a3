import type { TrustedIssuer } from "../model/trust.ts";
import { rulesOf } from "./profile.ts";
import { LEGACY_ISSUER, SUBJECT_PREFIX } from "./service-account.ts";
import { looksLikeSpiffeId, parseSpiffeId } from "./spiffe-id.ts";

/** The API server extends tokens to a year for clients that do not renew them; a bound near that would let those in. */
const MAX_KUBERNETES_LIFETIME_MS = 30 * 86_400_000;

/** What an issuer's settings have that its profile does not allow, as sentences. */
export function profileProblems(issuer: TrustedIssuer): readonly string[] {
  const { profile } = issuer;
  const found: string[] = [];
  const forbidden = rulesOf(profile).forbidden.filter((algorithm) => issuer.algorithms.includes(algorithm));
  if (forbidden.length > 0) found.push(`profile ${profile} does not have ${forbidden.join(", ")}`);
  if (issuer.issuer === LEGACY_ISSUER) found.push("it signs tokens that never end and are for everybody");
  if (profile !== "spiffe" && looksLikeSpiffeId(issuer.issuer)) found.push("a trust domain has profile spiffe");
  if (issuer.requireUid === true && profile !== "kubernetes") found.push("requireUid is for profile kubernetes");
  if (issuer.bindAnySubject === true && profile !== "oauth" && profile !== "oidc")
    found.push("bindAnySubject is for profiles oauth and oidc");
  if (profile === "spiffe") found.push(...spiffeProblems(issuer));
  if (profile === "kubernetes") found.push(...kubernetesProblems(issuer));
  return found;
}

function spiffeProblems({ issuer, keys, tenant }: TrustedIssuer): readonly string[] {
  const found: string[] = [];
  if (parseSpiffeId(issuer)?.path !== "") found.push("not a trust domain: lower case letters, digits and ._- only");
  if (keys.kind === "discovery") found.push("a trust domain has no discovery document: its bundle is a file or a URL");
  if (tenant.kind === "claim") found.push("an SVID says who a workload is: its tenants come from bindings");
  return found;
}

function kubernetesProblems({ issuer, audiences, tenant, maxLifetimeMs }: TrustedIssuer): readonly string[] {
  const found: string[] = [];
  const serving = audiences.filter((audience) => audience === issuer || isApiServer(audience));
  if (serving.length > 0) {
    found.push(
      `audience ${serving.join(", ")} is the API server's: every pod has such tokens, and who is shown one could use it there. ` +
        "Give relata an audience of its own, and pods a projected token for it",
    );
  }
  if (tenant.kind === "claim") found.push("a service account has no tenant of its own: its tenants come from bindings");
  if (maxLifetimeMs > MAX_KUBERNETES_LIFETIME_MS) {
    found.push(
      `maxLifetimeMs is above ${MAX_KUBERNETES_LIFETIME_MS}: tokens that were extended to a year must not pass`,
    );
  }
  return found;
}

/** The audiences an API server has by default, under each of its names in the cluster. */
function isApiServer(audience: string): boolean {
  return (
    audience === "api" || /^(?:https:\/\/)?kubernetes(?:\.default(?:\.svc(?:\..+)?)?)?(?::\d+)?\/?$/.test(audience)
  );
}

/** What of a binding can match no subject of this issuer, or more of them than anybody means. */
export function subjectProblems(subject: string, issuer: TrustedIssuer): readonly string[] {
  if (issuer.profile === "spiffe" && !subject.startsWith(`${issuer.issuer}/`)) {
    return [`no SPIFFE ID of this trust domain begins so: write ${issuer.issuer}/…`];
  }
  if (issuer.profile !== "kubernetes") return [];
  if (!subject.startsWith(SUBJECT_PREFIX)) return [`a service account is ${SUBJECT_PREFIX}<namespace>:<name>`];
  if (subject.endsWith("*") && !subject.slice(SUBJECT_PREFIX.length).includes(":")) {
    return ["the namespace must be whole: another one may begin alike"];
  }
  return issuer.requireUid === true && !/^[^:]+:[^:]+:[^:*]+$/.test(subject.slice(SUBJECT_PREFIX.length))
    ? ["its issuer requires the uid: <namespace>:<name>:<uid>, without `*`"]
    : [];
}
