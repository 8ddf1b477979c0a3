import { existsSync } from "node:fs";
import { type ClientRequest, get } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

/** A local engine answers its ping in a few milliseconds. */
const PING_TIMEOUT_MS = 500;

/**
 * True when a Docker engine answers where its client would look for one. Asked before testcontainers is imported: that
 * alone takes 0.4 s. `docker --version` would prove nothing, it asks no engine.
 */
export async function isDockerRunning(env: NodeJS.ProcessEnv): Promise<boolean> {
  for (const place of engines(env)) if (await answersPing(place)) return true;
  return false;
}

function engines(env: NodeJS.ProcessEnv): readonly string[] {
  if (env["DOCKER_HOST"]) return [env["DOCKER_HOST"]];
  const sockets = [
    "/var/run/docker.sock",
    join(homedir(), ".docker/run/docker.sock"),
    join(homedir(), ".docker/desktop/docker.sock"),
    ...(env["XDG_RUNTIME_DIR"] ? [join(env["XDG_RUNTIME_DIR"], "docker.sock")] : []),
  ];
  return sockets.filter((path) => existsSync(path)).map((path) => `unix://${path}`);
}

function answersPing(place: string): Promise<boolean> {
  const url = new URL(place);
  const target =
    url.protocol === "unix:" ? { socketPath: url.pathname } : { host: url.hostname, port: Number(url.port || 2375) };
  return new Promise((resolve) => {
    const request: ClientRequest = get({ ...target, path: "/_ping", timeout: PING_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
    request.on("timeout", () => request.destroy());
  });
}
