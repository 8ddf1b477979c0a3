/** An element of an XML document, as a strict reader sees it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const TAG = /<(?:(?<close>\/[\w-]+)|(?<open>[\w-]+)(?<rest>(?:\s+[\w-]+="[^"<]*")*)\s*(?<self>\/?))>/y;
const LEGAL = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** @throws Error for anything that is not well-formed; no comments, CDATA or doctypes, which nobody writes here */
export function parseXml(text: string): XmlElement {
  if (!LEGAL.test(text)) throw new Error("a character that XML cannot hold");
  const head = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/.exec(text);
  if (head === null) throw new Error("no XML declaration");
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  for (let at = head[0].length; at < text.length; ) {
    const parent = open.at(-1) ?? root;
    if (text[at] !== "<") {
      const end = text.indexOf("<", at);
      parent.text += decode(text.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? text.length : end;
      continue;
    }
    TAG.lastIndex = at;
    const groups = TAG.exec(text)?.groups;
    if (groups === undefined) throw new Error(`not a tag: ${text.slice(at, at + 80)}`);
    at = TAG.lastIndex;
    if (groups["close"] !== undefined) {
      if (open.pop()?.name !== groups["close"].slice(1)) throw new Error(`closed by ${groups["close"]}`);
      continue;
    }
    const pairs = [...(groups["rest"] ?? "").matchAll(/([\w-]+)="([^"]*)"/g)];
    const attributes = Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, decode(value)]));
    if (Object.keys(attributes).length !== pairs.length) throw new Error("an attribute twice");
    const element: XmlElement = { name: groups["open"] ?? "", attributes, children: [], text: "" };
    parent.children.push(element);
    if (groups["self"] === "") open.push(element);
  }
  const [only, ...more] = root.children;
  if (open.length !== 1 || only === undefined || more.length > 0 || root.text.trim() !== "")
    throw new Error("one root");
  return only;
}

function decode(text: string): string {
  if (text.includes("]]>")) throw new Error("]]> in text");
  return text.replace(/&(?:#(\d+)|(\w+))?;?/g, (all, code: string | undefined, name: string | undefined) => {
    const character = code === undefined ? ENTITIES[name ?? ""] : String.fromCodePoint(Number(code));
    if (character === undefined || !all.endsWith(";")) throw new Error(`not an entity: ${all}`);
    return character;
  });
}
