import type { Caveat } from "../model/schema.ts";
import type { StrandProbe } from "../model/store.ts";
import { formatCaveatType } from "./format-rewrite.ts";
import { change, type SchemaChange } from "./schema-change.ts";

type Caveats = ReadonlyMap<string, Caveat>;

/**
 * A parameter that goes away or changes its type strands the tuples that carry a value for it, and only these. Adding one, or
 * changing the expression, keeps tuples readable but changes what they mean. A caveat that goes away needs no probe: no
 * relation can allow it any more, and that is probed where the allowed type goes.
 */
export function diffCaveats(before: Caveats, after: Caveats): readonly SchemaChange[] {
  const removed = [...before.keys()].filter((name) => !after.has(name));
  return [
    ...removed.map((name) => change("caveat-removed", name, "", `caveat "${name}" removed`)),
    ...[...after.values()].flatMap((caveat) => diffCaveat(before.get(caveat.name), caveat)),
  ];
}

function diffCaveat(before: Caveat | undefined, after: Caveat): readonly SchemaChange[] {
  const { name } = after;
  if (before === undefined) {
    return [change("caveat-added", name, "", `caveat "${name}" added`)];
  }
  const changes: SchemaChange[] = [];
  if (before.doc !== after.doc) {
    changes.push(change("caveat-doc-changed", name, "", `comment of caveat "${name}" changed`));
  }
  changes.push(...diffParameters(before, after));
  if (before.expression !== after.expression) {
    const message = `expression of caveat "${name}" changed, and with it what stored tuples mean`;
    changes.push(change("caveat-expression-changed", name, "", message));
  }
  return changes;
}

function diffParameters(before: Caveat, after: Caveat): readonly SchemaChange[] {
  const { name } = after;
  const changes: SchemaChange[] = [];
  for (const [parameter, type] of before.parameters) {
    const now = after.parameters.get(parameter);
    const was = formatCaveatType(type);
    if (now === undefined) {
      const message = `parameter "${parameter}" of caveat "${name}" removed`;
      changes.push(change("caveat-parameter-removed", name, parameter, message, [probe(name, parameter, "remove")]));
    } else if (formatCaveatType(now) !== was) {
      const message = `parameter "${parameter}" of caveat "${name}" was ${was}, is ${formatCaveatType(now)}`;
      const strands = [probe(name, parameter, "change the type of")];
      changes.push(change("caveat-parameter-type-changed", name, parameter, message, strands));
    }
  }
  for (const parameter of after.parameters.keys()) {
    if (!before.parameters.has(parameter)) {
      const message = `parameter "${parameter}" of caveat "${name}" added`;
      changes.push(change("caveat-parameter-added", name, parameter, message));
    }
  }
  return changes;
}

function probe(caveat: string, parameter: string, action: string): StrandProbe {
  const message = `cannot ${action} parameter "${parameter}" of caveat "${caveat}" while a tuple carries a value for it`;
  return { filter: {}, caveat, parameter, message };
}
