import type { CaveatNode, Name, ParameterNode, ParameterTypeNode } from "./ast.ts";
import { type Cursor, expectSymbol, fail, parseName, parseTypePath, takeSymbol } from "./cursor.ts";
import { docBefore } from "./doc.ts";

/** `list<list<…>>`: deeper than anyone needs. */
const MAX_TYPE_DEPTH = 10;

/** `caveat name(parameter type, …) { CEL }`, from its keyword on. */
export function parseCaveat(cursor: Cursor): CaveatNode {
  const doc = docBefore(cursor);
  const { start } = cursor.advance();
  const name = parseTypePath(cursor, "the name of the caveat");
  expectSymbol(cursor, "(", `"(" and parameters after "caveat ${name.text}"`);
  const parameters: ParameterNode[] = [];
  if (cursor.isSymbol(")")) {
    cursor.report(cursor.token, {
      code: "caveat-without-parameters",
      message: `the caveat "${name.text}" has no parameters`,
      hint: `give it at least one, as in caveat ${name.text}(hour int) { hour < 18 }`,
    });
  } else {
    do {
      parameters.push(parseParameter(cursor));
    } while (takeSymbol(cursor, ","));
  }
  expectSymbol(cursor, ")", '"," or ")" after the parameter');
  const expression = parseCel(cursor, name);
  return { kind: "caveat", source: cursor.source, start, end: cursor.previousEnd, name, doc, parameters, expression };
}

function parseParameter(cursor: Cursor): ParameterNode {
  const name = parseName(cursor, "a parameter's name");
  if (cursor.isSymbol(":")) {
    cursor.report(cursor.token, {
      code: "syntax",
      message: 'expected the parameter\'s type, found ":"',
      hint: `name and type have only a space between: ${name.text} int`,
    });
    cursor.advance();
  }
  const type = parseParameterType(cursor, name, 0);
  return { name, type, start: name.start, end: type.end };
}

function parseParameterType(cursor: Cursor, parameter: Name, depth: number): ParameterTypeNode {
  const name = parseName(cursor, `the type of the parameter "${parameter.text}"`);
  const types: ParameterTypeNode[] = [];
  if (cursor.isSymbol("<")) {
    if (depth >= MAX_TYPE_DEPTH) {
      fail(cursor, cursor.token, {
        code: "type-too-deep",
        message: `types may be nested at most ${MAX_TYPE_DEPTH} deep`,
      });
    }
    cursor.advance();
    do {
      types.push(parseParameterType(cursor, parameter, depth + 1));
    } while (takeSymbol(cursor, ","));
    expectSymbol(cursor, ">", '">"');
  }
  return { name, arguments: types, start: name.start, end: cursor.previousEnd };
}

function parseCel(cursor: Cursor, caveat: Name): Name {
  const open = expectSymbol(cursor, "{", '"{" and an expression after the parameters');
  const body = cursor.advance();
  if (body.unterminated) {
    fail(cursor, open, {
      code: "unclosed-block",
      message: `the caveat "${caveat.text}" is not closed`,
      hint: 'add "}" where its expression ends',
    });
  }
  expectSymbol(cursor, "}", '"}"');
  const text = body.text.trim();
  const start = body.start + body.text.length - body.text.trimStart().length;
  return text === "" ? { text, start: open.start, end: open.end } : { text, start, end: start + text.length };
}
