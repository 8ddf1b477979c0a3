import { toJson } from "@bufbuild/protobuf";
import { type Binding, BindingSchema } from "../../gen/relata/v1/credential_service_pb.ts";
import { printable } from "../printable.ts";
import { formatLimit } from "./grant-flags.ts";

export const BINDING_HEADINGS = ["ISSUER", "SUBJECT", "NAME", "TENANTS", "SCOPES", "OBJECTS"];

export function bindingToJson(binding: Binding | undefined): unknown {
  return binding === undefined ? undefined : toJson(BindingSchema, binding);
}

/** A row under BINDING_HEADINGS. */
export function bindingRow(binding: Binding): readonly string[] {
  return [
    printable(binding.issuer),
    printable(binding.subject),
    printable(binding.name) || "-",
    binding.platform ? "the platform" : binding.tenants.join(","),
    binding.scopes.join(","),
    binding.objects.map(formatLimit).join(" ") || "all",
  ];
}
