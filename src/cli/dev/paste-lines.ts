import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { formatObject, formatSubject } from "../../model/object.ts";
import type { Assertion } from "../validate/document.ts";

const DEFAULT_GRPC_PORT = 50051;
const PROTO_DIR = fileURLToPath(new URL("../../../proto", import.meta.url));

/** Something to paste into a shell, and what it then prints. */
export interface PasteLine {
  readonly command: string;
  readonly answer: string;
}

export interface PasteInput {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly tokenFile: string;
  /** Where the user will paste: paths are shown relative to it. */
  readonly cwd: string;
  readonly allowed: Assertion;
  readonly denied: Assertion;
}

/** One question each through the CLI (allowed, and denied with the reasons), curl and a gRPC program. */
export function pasteLines(input: PasteInput): readonly PasteLine[] {
  return [
    { command: cliLine(input, "check", input.allowed), answer: "allowed" },
    { command: cliLine(input, "check", input.denied), answer: "denied" },
    { command: cliLine(input, "explain", input.denied), answer: "denied, and all that was tried" },
    { command: curlLine(input), answer: '{"decision":"DECISION_ALLOWED", …}' },
    { command: grpcLine(input), answer: "DECISION_ALLOWED" },
  ];
}

function cliLine(
  { grpcPort, tokenFile }: PasteInput,
  command: "check" | "explain",
  { object, permission, subject }: Assertion,
): string {
  const server = grpcPort === DEFAULT_GRPC_PORT ? "" : ` --server 127.0.0.1:${grpcPort}`;
  return `npx relata ${command} ${formatObject(object)} ${permission} ${formatSubject(subject)}${server} --token-file ${quoted(tokenFile)}`;
}

function curlLine({ httpPort, tokenFile, allowed }: PasteInput): string {
  return [
    `curl -sS http://127.0.0.1:${httpPort}/relata.v1.AuthorizationService/Check`,
    `  -H "authorization: Bearer $(cat ${quoted(tokenFile)})" -H 'content-type: application/json'`,
    `  -d '${JSON.stringify(requestOf(allowed))}'`,
  ].join(" \\\n");
}

/** @grpc/grpc-js on any Node: what a backend of the user's own would start from. */
function grpcLine({ grpcPort, tokenFile, cwd, allowed }: PasteInput): string {
  const beside = relative(cwd, PROTO_DIR);
  const protoDir = beside.startsWith("..") || isAbsolute(beside) ? PROTO_DIR : beside;
  const script = `
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
const proto = loadSync("relata/v1/authorization_service.proto", { includeDirs: [${JSON.stringify(protoDir)}], enums: String });
const { relata } = grpc.loadPackageDefinition(proto);
const client = new relata.v1.AuthorizationService("127.0.0.1:${grpcPort}", grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
metadata.set("authorization", "Bearer " + readFileSync(${JSON.stringify(tokenFile)}, "utf8").trim());
const request = ${JSON.stringify(requestOf(allowed))};
client.check(request, metadata, (error, answer) => console.log(error ?? answer.decision));
`;
  return `node --input-type=module -e '${script.replaceAll("'", `'\\''`)}'`;
}

function requestOf({ object, permission, subject }: Assertion): object {
  return { object, permission, subject: { object: { type: subject.type, id: subject.id } } };
}

/** As the shell needs it. */
function quoted(path: string): string {
  return /^[\w/.:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
