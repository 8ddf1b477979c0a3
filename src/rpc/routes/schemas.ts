import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Diagnostic } from "../../dsl/diagnostic.ts";
import { Diagnostic_Severity, SchemaService } from "../../gen/relata/v1/schema_service_pb.ts";
import type { Verbs } from "../../service/verbs.ts";
import { tenantCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

type SchemaVerbs = Pick<Verbs, "writeSchema" | "readSchema" | "validateSchema" | "diffSchema">;

const SEVERITIES = {
  error: Diagnostic_Severity.ERROR,
  warning: Diagnostic_Severity.WARNING,
} as const satisfies Record<Diagnostic["severity"], Diagnostic_Severity>;

export function schemaRoutes(verbs: SchemaVerbs): readonly Route[] {
  return routesOf(SchemaService, tenantCall, {
    write: async (call, { text, expectedVersion }) => {
      const { version, consistencyToken, warnings } = await verbs.writeSchema(call, { text, expectedVersion });
      return { version, consistencyToken, warnings: warnings.map(writeDiagnostic) };
    },
    read: async (call, { version }) => {
      const { stored, consistencyToken } = await verbs.readSchema(call, { version });
      const createdAt = timestampFromMs(stored.createdAtMs);
      return { text: stored.text, version: stored.version, name: stored.name, createdAt, consistencyToken };
    },
    validate: async (call, { text }) => {
      const { valid, diagnostics, rendered } = await verbs.validateSchema(call, { text });
      return { valid, diagnostics: diagnostics.map(writeDiagnostic), rendered };
    },
    diff: async (call, { text }) => {
      const { changes, currentVersion } = await verbs.diffSchema(call, { text });
      return {
        changes: changes.map(({ kind, definition, member, message, breaking, exampleTuple }) => ({
          kind,
          definition,
          member,
          message,
          breaking,
          exampleTuple,
        })),
        currentVersion,
      };
    },
  });
}

function writeDiagnostic({ severity, code, message, line, column, hint }: Diagnostic) {
  return { severity: SEVERITIES[severity], code, message, line, column, hint };
}
