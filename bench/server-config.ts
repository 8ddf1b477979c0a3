import { type Config, loadConfig } from "../src/config.ts";

/** What every server of a bench has in common: free ports on this machine, and a key for its tokens. */
const COMMON = {
  // The store is opened by whoever starts the server.
  databaseUrl: "postgres:///given-otherwise",
  grpcHost: "127.0.0.1",
  grpcPort: 0,
  httpHost: "127.0.0.1",
  httpPort: 0,
  opsPort: 0,
  tokenKeys: [{ id: "bench", secret: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }],
};

/** Production's defaults but for `settings`, which are written as in a configuration file. */
export function serverConfig(settings: object): Config {
  return loadConfig({ text: JSON.stringify({ ...COMMON, ...settings }), env: {} });
}
