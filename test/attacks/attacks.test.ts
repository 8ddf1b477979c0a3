import { afterAll, beforeAll, describe } from "vitest";
import { edgeAttacks } from "./edge-attacks.ts";
import { guardAttacks } from "./guard-attacks.ts";
import { headerAttacks } from "./header-attacks.ts";
import { stringAttacks } from "./string-attacks.ts";
import { textAttacks } from "./text-attacks.ts";
import { tokenAttacks } from "./token-attacks.ts";
import { transportAttacks } from "./transport-attacks.ts";
import { type AttackWorld, startWorld } from "./world.ts";

let world: AttackWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe("forged and misused tokens", () => tokenAttacks(() => world));
describe("tokens tried by the dozen", () => guardAttacks(() => world));
describe("headers that name another tenant", () => headerAttacks(() => world));
describe("ways around the door", () => edgeAttacks(() => world));
describe("SQL in texts", () => stringAttacks(() => world, false));
describe("orders to logs, leaks and excess", () => textAttacks(() => world));
describe("bytes, bombs and silence", () => transportAttacks(() => world));
