import type { JsonObject } from "../../src/model/tuple.ts";

/** An authorization model of schema 1.1 as OpenFGA's API takes it, https://openfga.dev/api/service. */
export interface OpenFgaModel {
  readonly schema_version: "1.1";
  readonly type_definitions: readonly OpenFgaType[];
  readonly conditions?: Readonly<Record<string, OpenFgaCondition>>;
}

export interface OpenFgaType {
  readonly type: string;
  readonly relations?: Readonly<Record<string, Userset>>;
  readonly metadata?: { readonly relations: Readonly<Record<string, DirectTypes>> };
}

interface DirectTypes {
  readonly directly_related_user_types: readonly RelationReference[];
}

export interface RelationReference {
  readonly type: string;
  readonly relation?: string;
  readonly wildcard?: Record<string, never>;
  readonly condition?: string;
}

export type Userset =
  /** What tuples say. */
  | { readonly this: Record<string, never> }
  | { readonly computedUserset: { readonly relation: string } }
  | {
      readonly tupleToUserset: {
        readonly tupleset: { readonly relation: string };
        readonly computedUserset: { readonly relation: string };
      };
    }
  | { readonly union: { readonly child: readonly Userset[] } }
  | { readonly intersection: { readonly child: readonly Userset[] } }
  | { readonly difference: { readonly base: Userset; readonly subtract: Userset } };

export interface OpenFgaCondition {
  readonly name: string;
  /** CEL, at most 512 bytes. */
  readonly expression: string;
  readonly parameters: Readonly<Record<string, ParameterType>>;
}

export interface ParameterType {
  readonly type_name: TypeName;
  readonly generic_types?: readonly ParameterType[];
}

export type TypeName =
  `TYPE_NAME_${"ANY" | "BOOL" | "STRING" | "INT" | "UINT" | "DOUBLE" | "DURATION" | "TIMESTAMP" | "MAP" | "LIST" | "IPADDRESS"}`;

export interface OpenFgaTuple {
  /** `type:id`, `type:id#relation` or `type:*`. */
  readonly user: string;
  readonly relation: string;
  readonly object: string;
  readonly condition?: { readonly name: string; readonly context: JsonObject };
}
