import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../src/config/settings.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
const dockerfile = read("Dockerfile");
const manifest = JSON.parse(read("package.json")) as { devDependencies: Record<string, string>; files: string[] };

/** Sources of `COPY` that come from the project, not from another stage. */
function copied(): readonly string[] {
  const lines = dockerfile.split("\n").filter((line) => line.startsWith("COPY ") && !line.includes("--from="));
  return lines.flatMap((line) => line.split(/\s+/).slice(1, -1));
}

describe("the image", () => {
  it("runs the Node that the project is tested on, in both stages", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases).toEqual(Array(2).fill(`node:${manifest.devDependencies["node"]}-bookworm-slim`));
  });

  it("copies what is there and what .dockerignore lets through", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    expect(copied().length).toBeGreaterThan(8);
    expect(copied().filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(new Set(copied())).toEqual(new Set(allowed));
  });

  it("listens on all interfaces of the container, on the ports it names", () => {
    const hosts = Object.entries(SETTINGS).filter(([name]) => name.endsWith("Host"));
    const ports = Object.entries(SETTINGS).filter(([name]) => name.endsWith("Port"));
    for (const [, { env }] of hosts) expect(dockerfile).toContain(`${env[0]}=0.0.0.0`);
    expect(dockerfile.match(/^EXPOSE (.*)$/m)?.[1]?.split(" ")).toEqual(ports.map(([, port]) => String(port.default)));
  });

  it("runs as an ordinary user, without development and optional packages", () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toContain("npm ci --omit=dev --omit=optional --ignore-scripts");
    expect(last).not.toMatch(/ADD |curl |apt-get/);
  });
});
