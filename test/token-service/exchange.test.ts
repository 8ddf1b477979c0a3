import { afterAll, beforeAll, describe } from "vitest";
import { attackCases } from "./attack-cases.ts";
import { exchangeCases } from "./exchange-cases.ts";
import { type ExchangeWorld, startExchangeWorld } from "./exchange-world.ts";
import { formAttacks } from "./form-attacks.ts";
import { refreshCases } from "./refresh-cases.ts";
import { requestAttacks } from "./request-attacks.ts";

let world: ExchangeWorld;
beforeAll(async () => {
  world = await startExchangeWorld();
});
afterAll(() => world.close());

describe("token exchange (RFC 8693)", () => exchangeCases(() => world));
describe("attacks", () => attackCases(() => world));
describe("requests that are attacks", () => requestAttacks(() => world));
describe("texts in forms and claims that are attacks", () => formAttacks(() => world));
describe("refresh tokens (RFC 6749 §6, RFC 9700 §4.14.2)", () => refreshCases(() => world));
