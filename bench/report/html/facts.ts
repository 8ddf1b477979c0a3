import type { Report } from "../report.ts";
import { type Markup, markup } from "./markup.ts";
import { mebibytes } from "./numbers.ts";
import { answerTable, factTable } from "./tables.ts";

/** Where it ran, what was measured how often, what was compared. */
export function facts({ machine, commit, settings, answers, tookSeconds, startedAt, mode }: Report): Markup {
  return markup`<div class="columns">${factTable("machine", [
    ["processor", `${machine.cpu}, ${machine.cores} cores`],
    ["memory", mebibytes(machine.memoryBytes)],
    ["system", machine.os],
    ["Node", machine.node],
    ["PostgreSQL", machine.postgres ?? "not used"],
    ["load", `${machine.loadBefore.toFixed(2)} before, ${machine.loadAfter.toFixed(2)} behind (one minute)`],
    ["began", startedAt],
    ["took", `${tookSeconds.toFixed(1)} s`],
    ["commit", commit === undefined ? "not run in a clone" : `${commit.hash} ${commit.subject}`],
    ["work tree", commit?.dirty === true ? "changed beyond the commit" : "as committed"],
  ])}${factTable("settings", [
    ["mode", mode],
    ...Object.entries(settings).map(([name, value]) => [name, said(value)] as const),
  ])}${answerTable(answers)}</div>`;
}

function said(value: Report["settings"][string]): string {
  if (typeof value === "number") return value.toLocaleString("en-US");
  if (Array.isArray(value)) return value.map(said).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
