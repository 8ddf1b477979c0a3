import { toJson } from "@bufbuild/protobuf";
import { type JwtRevocation, JwtRevocationSchema } from "../../gen/relata/v1/credential_service_pb.ts";
import { printable } from "../printable.ts";
import { instant } from "./token-text.ts";

export const REVOCATION_HEADINGS = ["ISSUER", "WHAT", "MADE", "OBSOLETE", "BY", "REASON"];

export function revocationToJson(revocation: JwtRevocation | undefined): unknown {
  return revocation === undefined ? undefined : toJson(JwtRevocationSchema, revocation);
}

/** `the token 4711`, or `backend's tokens from before 2026-01-01T00:00:00Z`. */
export function whatIsRevoked({ what, issuedBefore }: JwtRevocation): string {
  if (what.case === "subject") return `${printable(what.value)}'s tokens from before ${instant(issuedBefore)}`;
  return `the token ${printable(what.value ?? "")}`;
}

/** A row under REVOCATION_HEADINGS. */
export function revocationRow(revocation: JwtRevocation): readonly string[] {
  return [
    printable(revocation.issuer),
    whatIsRevoked(revocation),
    instant(revocation.createdAt),
    instant(revocation.obsoleteAt),
    printable(revocation.createdBy),
    printable(revocation.reason) || "-",
  ];
}
