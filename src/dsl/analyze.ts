import type { CaveatProgram } from "../model/caveat.ts";
import { checkAnnotations } from "./check-annotations.ts";
import { checkCaveats } from "./check-caveats.ts";
import { checkPermissions } from "./check-permissions.ts";
import { checkRecursion } from "./check-recursion.ts";
import { checkRelations } from "./check-relations.ts";
import { findDependencies } from "./dependencies.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import type { Names } from "./names.ts";

/**
 * All rules that a schema must keep beyond its grammar. Each reports all it finds.
 * @returns the programs of caveats, by name: of all of them when there is no error
 */
export function analyze(names: Names, bag: DiagnosticBag): ReadonlyMap<string, CaveatProgram> {
  const programs = checkCaveats(names, bag);
  checkRelations(names, bag);
  checkPermissions(names, bag);
  const dependencies = findDependencies(names);
  checkRecursion(names, dependencies, bag);
  if (!bag.hasErrors()) {
    checkAnnotations(names, dependencies, bag);
  }
  return programs;
}
