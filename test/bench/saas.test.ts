import { expect, it } from "vitest";
import { saas } from "../../bench/workloads/saas.ts";
import { askInMemory } from "../examples/ask.ts";

it("has 10,000 tenants of ten tuples and more", () => {
  const [small, large] = [saas(100_000), saas(1_000_000)];
  expect([small.tenants, small.tuples, large.tenants]).toEqual([10_000, 100_000, 10_000]);
  expect([...small.generate(9_999)]).toHaveLength(10);
  const sizes = [0, 1, 9_999].map((tenant) => [...large.generate(tenant)].length);
  expect(sizes).toEqual([537, 51, 51]);
});

it("notices answers from another tenant", async () => {
  const work = saas(5_000);
  const asked = work.questions(1_000).filter(({ tenant }) => tenant !== 1);
  const ask = await askInMemory(work.schema, [...work.generate(1)]);
  const found = await ask(asked.map(({ question }) => question));
  expect(asked.filter(({ allowed }, index) => allowed !== found[index]).length).toBeGreaterThan(300);
});
