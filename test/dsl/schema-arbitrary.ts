import fc from "fast-check";

/** Random schema texts: every construct of the grammar, most of them valid, with white space and comments in odd places. */
export interface SchemaText {
  readonly text: string;
  /** Every comment has a word of its own (`c17`). */
  readonly comments: readonly string[];
}

const TYPES = ["user", "group", "org/team", "folder", "document"];
const RELATIONS = ["member", "owner", "viewer", "parent", "banned"];
const PERMISSIONS = ["view", "edit", "admin"];
/** Ends a statement. */
const END = "\n";

const typeRef = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc.constantFrom("", "", ":*", "#member", "#..."),
    fc.constantFrom("", "", "", "with cav", "with expiration", "with cav and expiration"),
  )
  .map(([type, suffix, traits]) => {
    const parts = suffix === ":*" ? [":", "*"] : suffix === "" ? [] : ["#", suffix.slice(1)];
    return [...type.split(/(\/)/), ...parts, ...traits.split(" ").filter((word) => word !== "")];
  });

const leaf = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...RELATIONS).map((name) => [name]) },
  { weight: 1, arbitrary: fc.constantFrom("nil", "self").map((name) => [name]) },
  { weight: 2, arbitrary: fc.constantFrom("view", "member").map((name) => ["owner", "->", name]) },
  { weight: 1, arbitrary: fc.constantFrom("any", "all").map((name) => ["owner", ".", name, "(", "view", ")"]) },
);

const { expression } = fc.letrec<{ expression: string[] }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc
      .tuple(tie("expression"), fc.constantFrom("+", "&", "-"), tie("expression"))
      .map(([left, operator, right]) => [...left, operator, ...right]),
    tie("expression").map((inner) => ["(", ...inner, ")"]),
  ),
}));

function joined(parts: readonly string[][], separator: string): string[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [separator, ...part]));
}

const relation = (name: string) =>
  fc
    .uniqueArray(typeRef, { minLength: 1, maxLength: 4, selector: (ref) => ref.join(" ").replace(" # ...", "") })
    .map((refs) => {
      // `owner` is what arrows follow: no wildcards there.
      const wild = (ref: string[]) => ref.includes("*");
      const kept = name === "owner" || name === "member" ? refs.filter((ref) => !wild(ref)) : refs;
      return ["relation", name, ":", ...joined(kept.length === 0 ? [["user"]] : kept, "|"), END];
    });

const permission = (name: string) =>
  fc
    .tuple(expression, fc.boolean())
    .map(([tokens, annotated]) => [
      "permission",
      name,
      ...(annotated ? [":", "user", "|", "group"] : []),
      "=",
      ...tokens,
      END,
    ]);

const members = fc.tuple(...RELATIONS.map(relation), ...PERMISSIONS.map(permission)).map((all) => all.flat());

const definition = (type: string) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(["definition", ...type.split(/(\/)/), "{", "...", "common", END, "}", END]) },
    {
      weight: 2,
      arbitrary: members.map((body) => ["definition", ...type.split(/(\/)/), "{", ...body, "}", END]),
    },
  );

const tokens = fc
  .tuple(members, ...TYPES.map(definition))
  .map(([common, ...definitions]) => [
    ...["expiration", "self", "partial"].flatMap((flag) => ["use", flag, END]),
    ...["caveat", "cav", "(", "x", "int", ",", "y", "list", "<", "string", ">", ")", "{ x > 1 && y == ['}']\n }", END],
    ...["partial", "common", "{", ...common, "}", END],
    ...definitions.flat(),
  ]);

/** After these a line may end without ending the statement. */
const OPEN = new Set(["{", "(", ",", "=", ":", "|", "+", "&", "-", "->", "}", END]);

/** Fills the space between tokens, by a stream of random numbers. */
function write(all: readonly string[], choices: readonly number[]): SchemaText {
  const comments: string[] = [];
  let used = 0;
  const pick = (count: number) => (choices[used++ % choices.length] ?? 0) % count;
  const comment = () => {
    comments.push(`c${comments.length}`);
    return comments.at(-1) ?? "";
  };
  function space(token: string): string {
    const open = OPEN.has(token);
    const kind = pick(14);
    if (kind === 0) {
      return ` /* ${comment()} */ `;
    }
    if (kind === 1) {
      return ` /* ${comment()}\n  * more */`;
    }
    if (open && kind === 2) {
      return ` // ${comment()}\n`;
    }
    if (open && kind === 3) {
      return `\n\n\n // ${comment()}  \n/* ${comment()} */\n`;
    }
    return open && kind === 4 ? "\n  " : kind === 5 ? "\t  " : " ";
  }
  let text = "";
  for (const token of all) {
    if (token === END) {
      text += [";", "\n", "\n", "\n\n\n", ""][pick(5)] || ` // ${comment()}\n`;
      text += space(END);
    } else if (token === "->" || token === "." || token === "#") {
      text = text.trimEnd().endsWith("*/") || text.endsWith("\n") ? text + token : text.trimEnd() + token;
    } else {
      text += token + space(token);
    }
  }
  return { text, comments };
}

export const schemaText: fc.Arbitrary<SchemaText> = fc
  .tuple(tokens, fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 200 }))
  .map(([all, choices]) => write(all, choices));
