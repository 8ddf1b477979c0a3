import { describe, expect, test } from "vitest";
import { runTestCli } from "./run-cli.ts";

describe("what is typed wrong is a usage error that says what to do", () => {
  test.each([
    ["an unknown command", ["chek"], /unknown command 'chek'[\s\S]*Did you mean check\?/],
    ["an unknown subcommand", ["schema", "fm"], /unknown command 'fm'[\s\S]*Did you mean fmt\?/],
    ["an unknown flag", ["check", "a:1", "view", "user:a", "--jsn"], /unknown option '--jsn'[\s\S]*--json/],
    ["a missing argument", ["check", "document:1"], /missing required argument 'permission'/],
    ["one argument too many", ["check", "document:1", "view", "user:a", "b"], /too many arguments/],
    ["a flag without its value", ["check", "document:1", "view", "user:a", "--token"], /argument missing/],
    ["a bad object", ["check", "document", "view", "user:a", "--token", "t"], /expected "type:id"/],
    ["a bad subject", ["check", "document:1", "view", "user", "--token", "t"], /expected "type:id"/],
    ["a bad tuple", ["tuple", "write", "document:1#viewer", "--token", "t"], /expected "@" and a subject/],
    ["a tuple named twice", ["tuple", "write", "a:1#b@c:d", "a:1#b@c:d", "--token", "t"], /a:1#b@c:d is given twice/],
    [
      "a consistency",
      ["check", "a:1", "b", "c:d", "--consistency", "best"],
      /not a consistency: "best"[\s\S]*fully-consistent/,
    ],
    ["a context that is no JSON", ["check", "a:1", "b", "c:d", "--context", "{"], /not JSON/],
    ["a context that is a list", ["check", "a:1", "b", "c:d", "--context", "[]"], /expected a JSON object, got \[\]/],
    [
      "a context file that is not there",
      ["check", "a:1", "b", "c:d", "--context", "@nope"],
      /cannot read nope: no such/,
    ],
    ["a bad contextual tuple", ["check", "a:1", "b", "c:d", "--contextual-tuple", "a:1"], /invalid tuple "a:1"/],
    ["a subject where a type is asked for", ["lookup-subjects", "a:1", "b", "user:anne"], /name a type without an id/],
    ["a kind of subject that is none", ["lookup-subjects", "a:1", "b", "User"], /write a type \(user\)/],
    ["ids that are none", ["lookup-resources", "a", "b", "c:d", "--ids", "x,y#z"], /not an id: "y#z"[\s\S]*at: --ids/],
    ["no ids at all", ["lookup-resources", "a", "b", "c:d", "--ids", ","], /no ids are given[\s\S]*leave --ids out/],
    [
      "counting from the middle",
      ["lookup-resources", "a", "b", "c:d", "--count", "--cursor", "x"],
      /--count or --cursor, not both/,
    ],
    ["a page of a tree to look at", ["expand", "a:1", "b", "--cursor", "x"], /a later page is no tree[\s\S]*--json/],
    [
      "a server with a scheme",
      ["check", "a:1", "b", "c:d", "--server", "http://x:1", "--token", "t"],
      /without http:\/\//,
    ],
    ["a server without a port", ["check", "a:1", "b", "c:d", "--server", "x", "--token", "t"], /write host:port/],
    ["no token", ["check", "a:1", "b", "c:d"], /an access token is needed[\s\S]*RELATA_TOKEN/],
    ["two tokens", ["check", "a:1", "b", "c:d", "--token", "t", "--token-file", "f"], /not both/],
    [
      "a token file that is not there",
      ["check", "a:1", "b", "c:d", "--token-file", "/nope"],
      /cannot read \/nope: no such file/,
    ],
    ["a token with a blank", ["check", "a:1", "b", "c:d", "--token", "a b"], /blanks/],
    ["a timeout", ["check", "a:1", "b", "c:d", "--timeout", "soon"], /--timeout expects a number/],
    ["a limit of nothing", ["tuple", "read", "--limit", "0"], /--limit expects a number from 1/],
    ["a limit with a fraction", ["tuple", "read", "--limit", "1.5"], /--limit expects a whole number/],
    ["delete without saying what", ["tuple", "delete", "--token", "t"], /nothing says what to delete/],
    ["delete by name and filter", ["tuple", "delete", "a:1#b@c:d", "--relation", "b", "--token", "t"], /not both/],
    ["a bad slug", ["tenant", "create", "Not A Slug", "--token", "t"], /not a tenant slug/],
    ["a format", ["tuple", "import", "x", "--format", "xml"], /unknown format "xml"[\s\S]*jsonl/],
    ["fmt both ways", ["schema", "fmt", "--check", "--write", "x.zed"], /not both/],
    ["an unknown scope", ["token", "create", "ci", "--scopes", "chek"], /no such scope: "chek"[\s\S]*one of check, /],
    ["no scopes", ["token", "create", "ci"], /required option '--scopes <scopes>'/],
    ["an empty scope", ["token", "create", "ci", "--scopes", "check,"], /--scopes has an empty entry/],
    [
      "a range",
      ["token", "create", "ci", "--scopes", "check", "--cidr", "10.0.0.0/40"],
      /not an address[\s\S]*at: --cidr/,
    ],
    ["a life", ["token", "create", "ci", "--scopes", "check", "--lifetime", "5"], /expects a time, not "5"[\s\S]*90d/],
    [
      "an object limit",
      ["token", "create", "ci", "--scopes", "check", "--object", "document#"],
      /not a type of object: "document#"/,
    ],
    ["a mistyped API token", ["token", "revoke", "rlt_live_x"], /check digits[\s\S]*12 characters/],
    [
      "a mistyped credential",
      ["check", "a:1", "b", "c:d", "--token", "rlt_live_x"],
      /copied wrong[\s\S]*copy all of it/,
    ],
    [
      "a binding to nothing",
      ["binding", "put", "i", "x", "--scopes", "check"],
      /give --tenants or --platform, one of the two/,
    ],
    [
      "a binding to both",
      ["binding", "put", "i", "x", "--scopes", "check", "--tenants", "a", "--platform"],
      /one of the two/,
    ],
    ["no JWT", ["jwt", "revoke", "i"], /give --jti or --subject, one of the two/],
    ["one JWT and all", ["jwt", "revoke", "i", "--jti", "a", "--subject", "b"], /one of the two/],
    [
      "an instant for one JWT",
      ["jwt", "revoke", "i", "--jti", "a", "--issued-before", "2026-01-31T12:00:00Z"],
      /goes with --subject/,
    ],
    [
      "a day without a time",
      ["jwt", "revoke", "i", "--subject", "b", "--issued-before", "2026-01-31"],
      /expects an instant[\s\S]*T12:00:00Z/,
    ],
    ["a port", ["dev", "--grpc-port", "70000"], /--grpc-port expects a number from 0 to 65535/],
    ["a port that is a word", ["dev", "--http-port", "web"], /--http-port expects a whole number/],
  ])("%s", async (_what, argv, message) => {
    const run = await runTestCli(argv);
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toMatch(/^error: /);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/^\s+at .*\.ts:\d+/m);
  });

  test("--json makes the error one line of JSON", async () => {
    const run = await runTestCli(["check", "document", "view", "user:a", "--token", "t", "--json"]);
    expect(JSON.parse(run.stderr)).toMatchObject({ error: { exit: 2, reason: "INVALID_OBJECT" } });
  });

  test("--verbose adds the stack", async () => {
    const run = await runTestCli(["check", "document", "view", "user:a", "--token", "t", "--verbose"]);
    expect(run.stderr).toMatch(/^\s+at .*tuple-text\.ts:\d+/m);
  });
});

describe("help", () => {
  test("is on stdout when asked for, and tells the exit codes", async () => {
    const run = await runTestCli(["--help"]);
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(run.stdout).toMatch(/Exit codes:\n +0 {2}done/);
    expect(run.stdout).toContain("validate");
  });

  test("is on stderr, with an error code, when nothing was asked for", async () => {
    const run = await runTestCli([]);
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain("Usage: relata");
  });

  test("the version is the package's", async () => {
    const run = await runTestCli(["--version"]);
    expect(run.stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test("a server that is not there is 'unavailable', not 'no'", async () => {
  const argv = ["check", "document:1", "view", "user:a", "--server", "127.0.0.1:1", "--token", "t", "--timeout", "5"];
  const run = await runTestCli(argv);
  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(run.stderr).toMatch(/no server answers at 127\.0\.0\.1:1[\s\S]*relata dev/);
});
