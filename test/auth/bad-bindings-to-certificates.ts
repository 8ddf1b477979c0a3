import { type BadToken, bad, CERTIFICATE, OTHER_CERTIFICATE, type World } from "./world.ts";

const bound =
  (cnf: unknown, issuer: "oauth" | "certified" = "oauth") =>
  (w: World): string =>
    w[issuer].bearer({ cnf });
const good = bound({ "x5t#S256": CERTIFICATE });

/** Seen by a connection that has shown CERTIFICATE. */
export const badCertificateBindings: readonly BadToken[] = [
  bad("cnf_unsupported", "bound to a DPoP key", bound({ jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), good),
  bad("cnf_unsupported", "bound to a key in it", bound({ jwk: { kty: "OKP", crv: "Ed25519", x: "AA" } }), good),
  bad("cnf_unsupported", "bound to nothing it names", bound({}), good),
  bad("cnf_unsupported", "a confirmation that is null", bound(null), good),
  bad("cnf_unsupported", "a confirmation that is a list", bound([CERTIFICATE]), good),
  bad("cnf_unsupported", "a thumbprint for a confirmation", bound(CERTIFICATE), good),
  bad(
    "cnf_unsupported",
    "bound to the certificate and to something more",
    bound({ "x5t#S256": CERTIFICATE, jkt: "x" }),
    good,
  ),
  bad("cnf_unsupported", "a thumbprint that is a number", bound({ "x5t#S256": 1 }), good),
  bad("cnf_unsupported", "a thumbprint by SHA-1", bound({ x5t: "AAAAAAAAAAAAAAAAAAAAAAAAAAA" }), good),
  bad("cnf_unsupported", "a thumbprint in base64 with padding", bound({ "x5t#S256": `${CERTIFICATE}=` }), good),
  bad(
    "cnf_unsupported",
    "a thumbprint in another spelling",
    bound({ "x5t#S256": `${CERTIFICATE.slice(0, -1)}B` }),
    good,
  ),
  bad("certificate_mismatch", "bound to another certificate", bound({ "x5t#S256": OTHER_CERTIFICATE }), good),
  bad(
    "certificate_binding_missing",
    "bound to nothing where the issuer must bind",
    bound(undefined, "certified"),
    bound({ "x5t#S256": CERTIFICATE }, "certified"),
  ),
];
