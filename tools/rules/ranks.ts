/**
 * Who may import whom. A unit is a file or folder right below src/. Units look down only: at a lower number, never at
 * their own, so units of one rank never see each other.
 */
export const RANKS: Readonly<Record<string, number>> = {
  errors: 0,
  model: 1,
  config: 2,
  log: 2,
  metrics: 2,
  gen: 2,
  cel: 2,
  // Below storage, which puts events into their chain in the transaction of what they tell of.
  audit: 2,
  dsl: 3,
  engine: 3,
  graph: 3,
  storage: 3,
  auth: 3,
  service: 4,
  rpc: 5,
  client: 5,
  cli: 6,
  main: 7,
};

/** Units that only these files of a higher rank may import: the composition roots build the servers, nothing else does. */
export const BUILT_BY: Readonly<Record<string, readonly string[]>> = {
  // A process that serves, its operations port, and the process that has that port for its workers.
  rpc: [
    "src/cli/serve.ts",
    "src/cli/open-ops.ts",
    "src/cli/open-tenant-life.ts",
    "src/cli/open-token-service.ts",
    "src/cli/workers/serve-one.ts",
    "src/cli/workers/serve-workers.ts",
  ],
};

/** Pure units: no package, no `node:` module, no clock and no chance of their own. */
export const PURE_UNITS: readonly string[] = ["model", "dsl", "engine"];

/** Where a package may be imported from, as path prefixes below src/; a package that is not listed may be nowhere. */
export const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  // Caveats are CEL; whoever else needs them sees model/caveat.ts.
  "@bufbuild/cel": ["cel/"],
  "@bufbuild/re2": ["cel/"],
  // Messages; a transport is something else.
  "@bufbuild/protobuf": ["gen/", "rpc/", "client/", "cli/"],
  "@connectrpc/connect": ["rpc/", "client/"],
  "@connectrpc/connect-node": ["rpc/", "client/"],
  // The demo asks as a program of the user's own would, with nothing of relata's in between.
  "@grpc/grpc-js": ["rpc/", "client/", "cli/demo/plain-grpc.ts"],
  "@grpc/proto-loader": ["cli/demo/plain-grpc.ts"],
  commander: ["cli/"],
  jose: ["auth/", "cli/dev"],
  kysely: ["storage/postgres/"],
  "lru-cache": ["auth/", "graph/", "rpc/", "service/", "storage/"],
  pg: ["storage/postgres/"],
  picocolors: ["cli/"],
  pino: ["log"],
  yaml: ["config", "cli/"],
  zod: ["config"],
};

/** Files that may read the process's environment and arguments and end it. */
export const PROCESS_HOMES: readonly string[] = ["src/main.ts", "src/cli/serve.ts"];

export const MAX_FILE_LINES = 400;
