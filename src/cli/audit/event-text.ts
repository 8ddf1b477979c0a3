import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { type AuditEvent, AuditEventSchema } from "../../gen/relata/v1/audit_service_pb.ts";
import { instant } from "../credentials/token-text.ts";
import { printable } from "../printable.ts";

export const EVENT_HEADINGS = ["SEQ", "RECORDED", "EVENT", "BY", "FROM", "WHAT"];

/** Longer ones are cut on terminals; `--json` has the whole. */
const MAX_WHAT = 200;

export function eventToJson(event: AuditEvent): unknown {
  return toJson(AuditEventSchema, event);
}

/** A row under EVENT_HEADINGS. */
export function eventRow(event: AuditEvent): readonly string[] {
  const { seq, recordedAt, actor, credential, address, personalErased } = event;
  const by = actor === "" ? (personalErased ? "(erased)" : "-") : [actor, credential].filter(Boolean).join(" ");
  return [String(seq), instant(recordedAt), event.event, printable(by), printable(address) || "-", whatOf(event)];
}

function whatOf({ details, personal }: AuditEvent): string {
  const words = Object.entries({ ...details, ...personal }).map(([name, value]) => `${name}=${plain(value)}`);
  const text = printable(words.join(" "));
  return text.length <= MAX_WHAT ? text : `${text.slice(0, MAX_WHAT - 1)}…`;
}

function plain(value: JsonValue): string {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
