import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import type { RelataClient } from "../../client/relata-client.ts";
import {
  ExpandRequest_Depth as Depth,
  TreeNodeSchema,
  type TreeNode as WireNode,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import { parseObject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { type ConsistencyOptions, consistencyFlag } from "../question-flags.ts";
import { styleFor } from "../style.ts";
import { renderTree } from "../tree/render-tree.ts";
import { treeFromWire } from "../tree/tree-from-wire.ts";
import { objectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

const MAX_LIMIT = 4_294_967_295;
/** For people: nobody reads more, and a tree is drawn as a whole. */
const SHOWN_LIMIT = 10_000;

interface Options extends ConnectionOptions, ConsistencyOptions {
  readonly oneLevel?: boolean;
  readonly full?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

export function registerExpand(parent: Command, shell: Shell): void {
  const command = consistencyFlag(leaf(parent, "expand", "how is a permission of an object made up?"))
    .argument("<object>", "the object, type:id")
    .argument("<permission>", "a permission or relation of its type")
    .option("--one-level", "the permission's own parts and tuples, without what these lead to")
    .option("--full", "show all parts of a node, however many")
    .option("--limit <n>", `stop after this many nodes (default: all; for people ${SHOWN_LIMIT})`, (text) =>
      parseCount(text, "--limit", 1, MAX_LIMIT),
    )
    .option("--cursor <cursor>", "with --json: go on where an earlier expand stopped")
    .addHelpText(
      "after",
      `
Shows operators, members and tuples with their caveats; nothing is evaluated, and nobody is asked about. With --json each
line is a node as the API's JSON, parents first: \`parent\` counts lines from the start of the tree. Needs the scope
tuples:read.

Example:
  relata expand document:readme view`,
    );
  runs<[string, string], Options>(connectionFlags(command), shell, expand);
}

async function expand(
  context: CliContext,
  options: Options,
  objectText: string,
  permission: string,
): Promise<ExitCode> {
  if (options.cursor !== undefined && options.json !== true) {
    throw badInput("a later page is no tree by itself", { where: "--cursor", hint: "give --json with it" });
  }
  const request = {
    object: objectToWire(parseObject(objectText)),
    permission,
    depth: options.oneLevel === true ? Depth.ONE_LEVEL : Depth.UNSPECIFIED,
    ...(options.consistency !== undefined && { consistency: options.consistency }),
  };
  const limit = options.limit ?? (options.json === true ? MAX_LIMIT : SHOWN_LIMIT);
  const signal = context.stop();
  return withClient(context, options, async (client) => {
    const pages = readPages(client, request, { cursor: options.cursor ?? "", limit, signal });
    const nodes: WireNode[] = [];
    let rest = "";
    for await (const page of pages) {
      rest = page.cursor;
      if (options.json !== true) nodes.push(...page.nodes);
      else for (const node of page.nodes) json(context, toJson(TreeNodeSchema, node));
    }
    if (options.json !== true) printTree(context, nodes, options.full === true);
    if (rest !== "") tellRest(context, options, limit, rest);
    return EXIT.ok;
  });
}

type Request = Parameters<RelataClient["authorization"]["expand"]>[0];

/** Pages until the tree or the limit ends. */
async function* readPages(
  client: RelataClient,
  request: Request,
  how: { readonly cursor: string; readonly limit: number; readonly signal: AbortSignal },
): AsyncGenerator<{ readonly nodes: readonly WireNode[]; readonly cursor: string }> {
  let { cursor, limit: left } = how;
  for (;;) {
    const limit = left === MAX_LIMIT ? 0 : left;
    // The cursor brings the revision: a consistency beside it is refused.
    const { consistency: _first, ...later } = request;
    const asked = cursor === "" ? request : later;
    const page = await client.authorization.expand({ ...asked, cursor, limit }, { signal: how.signal });
    if (limit > 0) left -= page.nodes.length;
    yield page;
    if (page.cursor === "" || left <= 0) return;
    cursor = page.cursor;
  }
}

function printTree(context: CliContext, nodes: readonly WireNode[], full: boolean): void {
  const style = styleFor(context.stdout, context.env);
  for (const text of renderTree(treeFromWire(nodes), { style, full })) line(context.stdout, text);
}

function tellRest(context: CliContext, options: Options, limit: number, cursor: string): void {
  if (options.json === true) context.stderr.write(`${JSON.stringify({ cursor })}\n`);
  else line(context.stderr, `stopped after ${limit.toLocaleString("en-US")} nodes; give a higher --limit, or --json`);
}
