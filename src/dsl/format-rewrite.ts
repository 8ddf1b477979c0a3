import type { AllowedSubject, CaveatType, Rewrite } from "../model/schema.ts";

/** A compiled expression as canonical text, with parentheses wherever operators are mixed. */
export function formatRewrite(rewrite: Rewrite): string {
  switch (rewrite.kind) {
    case "union":
      return rewrite.children.map(formatOperand).join(" + ");
    case "intersection":
      return rewrite.children.map(formatOperand).join(" & ");
    case "exclusion": {
      const { base, subtract } = rewrite;
      const left = base.kind === "exclusion" ? formatRewrite(base) : formatOperand(base);
      return `${left} - ${formatOperand(subtract)}`;
    }
    case "computed":
      return rewrite.member;
    case "arrow":
      return rewrite.quantifier === "all"
        ? `${rewrite.tupleset}.all(${rewrite.target})`
        : `${rewrite.tupleset}->${rewrite.target}`;
    case "nil":
    case "self":
      return rewrite.kind;
  }
}

function formatOperand(rewrite: Rewrite): string {
  const text = formatRewrite(rewrite);
  return rewrite.kind === "union" || rewrite.kind === "intersection" || rewrite.kind === "exclusion"
    ? `(${text})`
    : text;
}

/** `user:*`, `group#member with on_network and expiration`. */
export function formatAllowedSubject(allowed: AllowedSubject): string {
  const suffix = allowed.wildcard ? ":*" : allowed.relation === "" ? "" : `#${allowed.relation}`;
  const traits = [allowed.caveat, allowed.expiration ? "expiration" : ""].filter((trait) => trait !== "");
  return allowed.type + suffix + (traits.length === 0 ? "" : ` with ${traits.join(" and ")}`);
}

/** `list<int>`. */
export function formatCaveatType(type: CaveatType): string {
  return type.arguments.length === 0 ? type.name : `${type.name}<${type.arguments.map(formatCaveatType).join(", ")}>`;
}
