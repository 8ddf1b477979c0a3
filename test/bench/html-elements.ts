export interface HtmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of all that is in it, as a reader sees it. */
  text: string;
}

const VOID = new Set(["meta", "br", "hr"]);
/** What is in these is no markup. */
const RAW = new Set(["script", "style"]);

/** Every element of a page, in order. @throws where it is not well-formed: a tag that is not closed, an attribute without quotes */
export function elementsOf(html: string): readonly HtmlElement[] {
  const found: HtmlElement[] = [];
  const open: HtmlElement[] = [];
  let rest = html.replace(/^<!doctype html>\s*/, "");
  if (rest === html) throw new Error("no doctype");
  while (rest !== "") {
    const text = /^[^<]+/.exec(rest)?.[0];
    if (text !== undefined) {
      addText(open, readText(text));
      rest = rest.slice(text.length);
      continue;
    }
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z][a-zA-Z:-]*(?:="[^"<]*")?)*)\s*(\/?)>/i.exec(rest);
    if (tag === null) throw new Error(`no tag: ${rest.slice(0, 80)}`);
    const [all, closing, name = "", attributes = "", selfClosing] = tag;
    rest = rest.slice(all.length);
    if (closing === "/") {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
      continue;
    }
    const element: HtmlElement = { name, attributes: readAttributes(attributes), text: "" };
    found.push(element);
    if (VOID.has(name) || selfClosing === "/") continue;
    open.push(element);
    if (RAW.has(name)) {
      const end = rest.indexOf(`</${name}`);
      element.text = rest.slice(0, end);
      rest = rest.slice(end);
    }
  }
  if (open.length > 0) throw new Error(`never closed: ${open.map(({ name }) => name).join(", ")}`);
  return found;
}

function addText(open: readonly HtmlElement[], text: string): void {
  if (open.length === 0 && text.trim() !== "") throw new Error(`text outside: ${text.slice(0, 80)}`);
  for (const element of open) element.text += text;
}

function readAttributes(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([a-z][a-zA-Z:-]*)(?:="([^"]*)")?/g)].map(([, name = "", value = ""]) => [
    name,
    readText(value),
  ]);
  return Object.fromEntries(pairs);
}

const SIGNS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function readText(text: string): string {
  return text.replace(/&(#?\w+);|&/g, (all, name: string | undefined) => {
    const sign = name === undefined ? undefined : SIGNS[name];
    if (sign === undefined) throw new Error(`not escaped: ${all} in ${text.slice(0, 80)}`);
    return sign;
  });
}
