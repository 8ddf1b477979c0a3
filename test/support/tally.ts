import { relative } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from "vitest/node";

/** The outcome of a run, sent to test/run.ts. */
export interface Tally {
  readonly passed: number;
  /** Tests that failed or never ended, files and hooks that threw, errors outside of any test. */
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly reason: string | undefined }[];
}

/** Vitest's reporter for test/run.ts: it prints nothing, and sends the tally to the parent process. */
class TallyReporter implements Reporter {
  onInit(): void {
    // A parent that was killed wants no result any more.
    process.once("disconnect", () => process.exit(1));
    process.channel?.unref();
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tallies = modules.map(tallyOf);
    const tally: Tally = {
      passed: tallies.reduce((sum, each) => sum + each.passed, 0),
      failed: tallies.reduce((sum, each) => sum + each.failed, unhandled.length),
      skipped: tallies.flatMap((each) => each.skipped),
    };
    process.send?.(tally);
  }
}

function tallyOf(module: TestModule): Tally {
  const file = relative(process.cwd(), module.moduleId);
  const skipped = [...module.children.allTests("skipped")].map((test) => {
    const result = test.result();
    return {
      test: `${file} > ${test.fullName}`,
      reason: result.state === "skipped" && result.note ? result.note : brokenAround(test),
    };
  });
  const broken = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length;
  const [failed, pending] = [[...module.children.allTests("failed")], [...module.children.allTests("pending")]];
  return {
    passed: [...module.children.allTests("passed")].length,
    failed: failed.length + pending.length + broken,
    skipped,
  };
}

/** Vitest skips the tests of a suite whose hook threw, and says no more about them. */
function brokenAround(test: TestCase): string | undefined {
  let suite: TestSuite | TestModule = test.parent;
  while (suite.type === "suite" && suite.errors().length === 0) suite = suite.parent;
  return suite.errors().length > 0 ? "a hook around it failed" : undefined;
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its file's default export
export default TallyReporter;
