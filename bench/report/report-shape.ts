import { z } from "zod";
import type { Report } from "./report.ts";

/** Of what is written and what is read; another number is another shape. */
export const FORMAT: Report["format"] = 2;

/** JSON has no NaN, such as a share of nothing, and says null. */
const figureOrNull = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const figure = z.object({
  id: z.string().min(1),
  what: z.string(),
  unit: z.string(),
  kind: z.enum(["ratio", "count", "time"]),
  better: z.enum(["more", "less"]),
  samples: z.array(figureOrNull),
});

const row = z.object({
  layer: z.string(),
  what: z.string(),
  value: figureOrNull,
  unit: z.string(),
  bound: z.union([z.object({ most: z.number() }), z.object({ least: z.number() })]).optional(),
});

/** Each of a shape that only its plot knows. */
const drawn = z.array(z.looseObject({}));

/** Everything that `--json` writes but the headlines, which stand at the top under names of their own. */
export const reportShape = z.object({
  format: z.literal(FORMAT),
  startedAt: z.string(),
  tookSeconds: z.number(),
  mode: z.enum(["quick", "normal", "long"]),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    loadBefore: z.number(),
    loadAfter: z.number(),
    node: z.string(),
    os: z.string(),
    postgres: z.string().optional(),
  }),
  commit: z.object({ hash: z.string(), subject: z.string(), dirty: z.boolean() }).optional(),
  settings: z.record(z.string(), z.json()),
  answers: z.object({
    compared: z.number(),
    wrong: z.array(z.string()),
    wrongLeftOut: z.number().optional(),
    byWorkload: z.record(z.string(), z.number()).optional(),
  }),
  ratios: z.record(z.string(), figureOrNull),
  figures: z.array(figure),
  plots: z.object({ distributions: drawn, sweeps: drawn, curves: drawn, memory: drawn, against: drawn }),
  rows: z.array(row),
  layers: z.record(z.string(), z.unknown()),
});

/** Where something is not as it has to be, and why. */
export function damageOf({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join(".") || "its top"}: ${issue?.message ?? "unreadable"}`;
}
