import { didYouMean } from "../model/did-you-mean.ts";
import { createArrowResolver } from "./arrows.ts";
import type { SchemaFile } from "./ast.ts";
import { compileSchema, originOf } from "./compile.ts";
import { createDiagnosticBag, type Diagnostic, type DiagnosticBag } from "./diagnostic.ts";
import { LINT_RULES, type LintContext, type LintRule, type LintRuleName } from "./lint-rules.ts";
import type { Names } from "./names.ts";
import type { Source, Span } from "./source.ts";
import { findSuppressions, type Suppressions } from "./suppressions.ts";

/**
 * Warnings about what compiles but is likely not meant. `// relata-ignore: rule` on the line, above the statement or above
 * the definition silences a rule there. A schema with errors gives its errors: there is nothing to lint yet.
 */
export function lintSchema(text: string, options: { readonly file?: string } = {}): readonly Diagnostic[] {
  const { schema, diagnostics } = compileSchema(text, options);
  const names = schema === undefined ? undefined : originOf(schema);
  return names === undefined ? diagnostics : lintNames(names);
}

/** The same for a schema that was compiled from several files. */
export function lintNames(names: Names): readonly Diagnostic[] {
  const bag = createDiagnosticBag();
  const files = names.files.map((file) => ({ file, suppressions: findSuppressions(file) }));
  const bySource = new Map(files.map((entry) => [entry.file.source, entry]));
  const arrow = createArrowResolver(names);
  for (const rule of Object.keys(LINT_RULES) as LintRuleName[]) {
    const context: LintContext = {
      names,
      arrow,
      report(source, span, message, hint) {
        const entry = bySource.get(source);
        if (entry === undefined || !isSilenced(entry.file, entry.suppressions, span, rule)) {
          bag.warning(source, span, { code: rule, message, hint });
        }
      },
    };
    runRule(LINT_RULES[rule], context);
  }
  for (const { file, suppressions } of files) {
    reportUnknownRules(file.source, suppressions, bag);
  }
  return bag.sorted();
}

function runRule(rule: LintRule, context: LintContext): void {
  rule.schema?.(context);
  for (const definition of rule.member === undefined ? [] : context.names.definitions.values()) {
    for (const member of definition.members.values()) {
      rule.member?.(context, definition, member);
    }
  }
}

/** At the place itself, at the statement it is in, or at the definition that is in. */
function isSilenced(file: SchemaFile, suppressions: Suppressions, span: Span, rule: string): boolean {
  const item = lastBefore(file.items, span);
  const block = item?.kind === "definition" || item?.kind === "partial" ? item : undefined;
  const member = lastBefore(block?.members ?? [], span);
  return [span, member, item].some((place) => place !== undefined && suppressions.covers(place, rule));
}

/** The last of the ordered nodes that begins at or before `span`, by bisection: files may have 100,000 of them. */
function lastBefore<Node extends Span>(nodes: readonly Node[], span: Span): Node | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.start ?? 0) <= span.start) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nodes[low - 1];
}

function reportUnknownRules(source: Source, suppressions: Suppressions, bag: DiagnosticBag): void {
  for (const { rule, comment } of suppressions.named) {
    if (!Object.hasOwn(LINT_RULES, rule)) {
      bag.warning(source, comment, {
        code: "unknown-lint-rule",
        message: `there is no lint rule "${rule}"`,
        hint: () => didYouMean(rule, Object.keys(LINT_RULES)),
      });
    }
  }
}
