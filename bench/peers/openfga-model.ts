import type { Definition, Permission, Relation, Rewrite, Schema } from "../../src/model/schema.ts";
import { arrowTargets } from "./openfga-arrows.ts";
import { type OpenFgaConditions, openFgaConditions } from "./openfga-conditions.ts";
import type { OpenFgaModel, OpenFgaType, RelationReference, Userset } from "./openfga-format.ts";
import { type OpenFgaNames, openFgaNames } from "./openfga-names.ts";

/** A schema in OpenFGA's words, and how to speak of its tuples. */
export interface ConvertedSchema {
  readonly model: OpenFgaModel;
  readonly names: OpenFgaNames;
  readonly conditions: OpenFgaConditions;
  /** What OpenFGA has no words for, each naming the member of the schema: not empty, and the model does not mean the same. */
  readonly unsaid: readonly string[];
  /** What it says in another way that whoever compares has to know. */
  readonly differences: readonly string[];
}

/** `undefined`: nobody. OpenFGA has no word for it, and unions and intersections of one child are refused. */
type Said = Userset | undefined;

/** Relations become direct relations, permissions computed ones, arrows tuple-to-usersets, caveats conditions. */
export function convertSchema(schema: Schema): ConvertedSchema {
  const names = openFgaNames(schema);
  const conditions = openFgaConditions(schema, names);
  const unsaid: string[] = [...conditions.unsaid];
  const converter: Converter = { schema, names, conditions, unsaid };
  const type_definitions = schema.types.map((type) => convertType(converter, type));
  const hasConditions = Object.keys(conditions.conditions).length > 0;
  return {
    model: {
      schema_version: "1.1",
      type_definitions,
      ...(hasConditions ? { conditions: conditions.conditions } : {}),
    },
    names,
    conditions,
    unsaid,
    differences: [
      ...(hasConditions
        ? [
            "a caveat that lacks a parameter is an error of OpenFGA, even where the others decide; relata then says which are missing",
          ]
        : []),
      ...(conditions.ends
        ? ["OpenFGA knows no end of a tuple: ends are conditions here, and the time is told by whoever asks"]
        : []),
    ],
  };
}

interface Converter {
  readonly schema: Schema;
  readonly names: OpenFgaNames;
  readonly conditions: OpenFgaConditions;
  readonly unsaid: string[];
}

function convertType(converter: Converter, { name, members }: Definition): OpenFgaType {
  const { names } = converter;
  const relations: [string, Userset][] = [];
  const direct: [string, { directly_related_user_types: readonly RelationReference[] }][] = [];
  for (const member of members.values()) {
    const called = names.member(member.name);
    const said = member.kind === "relation" ? THIS : rewritten(converter, member, member.rewrite);
    relations.push([called, said ?? THIS]);
    // Nobody is said by a relation that no tuple is ever written to.
    if (member.kind === "relation") direct.push([called, { directly_related_user_types: subjects(converter, member) }]);
    else if (said === undefined) direct.push([called, { directly_related_user_types: [{ type: names.type(name) }] }]);
  }
  return {
    type: names.type(name),
    ...(relations.length === 0 ? {} : { relations: Object.fromEntries(relations) }),
    ...(direct.length === 0 ? {} : { metadata: { relations: Object.fromEntries(direct) } }),
  };
}

const THIS: Userset = { this: {} };

function subjects({ names, conditions }: Converter, { allowed }: Relation): readonly RelationReference[] {
  return allowed.map((one) => {
    const condition = conditions.nameOf(one);
    return {
      type: names.type(one.type),
      ...(one.relation === "" ? {} : { relation: names.member(one.relation) }),
      ...(one.wildcard ? { wildcard: {} } : {}),
      ...(condition === undefined ? {} : { condition }),
    };
  });
}

function rewritten(converter: Converter, of: Permission, rewrite: Rewrite): Said {
  const { names, unsaid, schema } = converter;
  switch (rewrite.kind) {
    case "computed":
      return { computedUserset: { relation: names.member(rewrite.member) } };
    case "union":
      return joined(rewrite.children.map((child) => rewritten(converter, of, child)).filter(isSomebody), (child) => ({
        union: { child },
      }));
    case "intersection": {
      const children = rewrite.children.map((child) => rewritten(converter, of, child));
      if (!children.every(isSomebody)) return undefined;
      return joined(children, (child) => ({ intersection: { child } }));
    }
    case "exclusion": {
      const base = rewritten(converter, of, rewrite.base);
      const subtract = rewritten(converter, of, rewrite.subtract);
      return base === undefined || subtract === undefined ? base : { difference: { base, subtract } };
    }
    case "arrow": {
      const { targets, trouble } = arrowTargets(schema, of, rewrite);
      if (trouble !== undefined) unsaid.push(trouble);
      if (targets.length === 0) return undefined;
      return {
        tupleToUserset: {
          tupleset: { relation: names.member(rewrite.tupleset) },
          computedUserset: { relation: names.member(rewrite.target) },
        },
      };
    }
    case "nil":
      return undefined;
    case "self":
      unsaid.push(`${of.type}#${of.name}: OpenFGA has no \`self\``);
      return undefined;
  }
}

const isSomebody = (said: Said): said is Userset => said !== undefined;

function joined(children: readonly Userset[], join: (children: readonly Userset[]) => Userset): Said {
  return children.length < 2 ? children[0] : join(children);
}
