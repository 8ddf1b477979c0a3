import pc from "picocolors";
import type { CliContext, Sink } from "./context.ts";

export type Style = ReturnType<typeof pc.createColors>;

/** Colours for a terminal only. NO_COLOR (no-color.org) and TERM=dumb turn them off, FORCE_COLOR turns them on. */
export function styleFor(sink: Sink, env: CliContext["env"]): Style {
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return pc.createColors(forced || (sink.isTTY === true && !refused));
}
