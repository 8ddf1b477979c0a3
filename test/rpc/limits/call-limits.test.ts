import { afterEach, expect, test } from "vitest";
import { RelataError } from "../../../src/errors.ts";
import { AuthorizationService } from "../../../src/gen/relata/v1/authorization_service_pb.ts";
import type { Principal } from "../../../src/model/principal.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { type EdgeCall, type Ending, startEdgeCall, type Transport } from "../../../src/rpc/edge-call.ts";
import { type CallLimits, createCallLimits, type LimitSettings } from "../../../src/rpc/limits/call-limits.ts";

const NO_LIMIT: LimitSettings = {
  principalRate: 0,
  principalBurst: 0,
  tenantRate: 0,
  tenantBurst: 0,
  principalConcurrency: 0,
  tenantConcurrency: 0,
};

const opened: CallLimits[] = [];
afterEach(() => {
  for (const limits of opened.splice(0)) limits.close();
});

function open(settings: Partial<LimitSettings>, lag?: { lateMs: number }): CallLimits {
  const more = lag && {
    lag: {
      ...lag,
      get lateMs() {
        return lag.lateMs;
      },
      close: () => undefined,
    },
  };
  const limits = createCallLimits({ ...NO_LIMIT, ...settings }, { random: () => 0.5, ...more });
  opened.push(limits);
  return limits;
}

const PEER = { gone: new AbortController().signal, peer: { address: "192.0.2.1" } } as unknown as Transport;

function call(actor: string, tenant: string, atMs = 0): EdgeCall {
  const made = startEdgeCall(AuthorizationService.method.check, PEER);
  made.principal = { actor } as Principal;
  made.tenant = { id: tenant } as Tenant;
  made.deadlineMs = 1;
  return Object.assign(made, { startedMs: atMs });
}

/** `answered`, or by what limit it was refused; of one that waits for its turn, once it has come. */
async function outcome(limits: CallLimits, one: EdgeCall, next: () => Ending = () => undefined): Promise<string> {
  try {
    await limits.interceptor(one, next);
    return "answered";
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    expect(error.retryAfterMs).toBeGreaterThan(0);
    return `${error.reason} ${error.metadata["limit"]}`;
  }
}

/** Work that ends when it is told to. */
function work() {
  return Promise.withResolvers<void>();
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

function metric(limits: CallLimits, name: string): number {
  const family = limits.collect().find((found) => found.name === name);
  return Number(family?.samples[0]?.value);
}

test("a principal has its burst, then its rate, and takes nothing from others of its tenant", async () => {
  const limits = open({ principalRate: 10, principalBurst: 3 });
  const seen = [];
  for (let i = 0; i < 5; i++) seen.push(await outcome(limits, call("anne", "acme")));
  expect(seen.map((one) => one === "answered")).toEqual([true, true, true, false, false]);
  expect(seen[4]).toBe("RATE_LIMITED principal_rate");
  expect(await outcome(limits, call("bert", "acme"))).toBe("answered");
  expect(await outcome(limits, call("anne", "acme", 99))).toBe("RATE_LIMITED principal_rate");
  expect(await outcome(limits, call("anne", "acme", 100))).toBe("answered");
});

test("the principals of a tenant share its rate, and other tenants have their own", async () => {
  const limits = open({ tenantRate: 10, tenantBurst: 3 });
  for (const actor of ["a", "b", "c"]) expect(await outcome(limits, call(actor, "acme"))).toBe("answered");
  expect(await outcome(limits, call("d", "acme"))).toBe("RATE_LIMITED tenant_rate");
  expect(await outcome(limits, call("d", "other"))).toBe("answered");
  expect(await outcome(limits, call("d", "acme", 100))).toBe("answered");
});

test("items of a batch are paid for by those who call next", async () => {
  const limits = open({ principalRate: 10, principalBurst: 3 });
  const batch = call("anne", "acme");
  expect(await outcome(limits, batch)).toBe("answered");
  batch.charge(9);
  expect(await outcome(limits, call("anne", "acme", 700))).toBe("RATE_LIMITED principal_rate");
  expect(await outcome(limits, call("anne", "acme", 801))).toBe("answered");
});

test.each([
  ["principal_concurrency", { principalConcurrency: 2 }],
  ["tenant_concurrency", { tenantConcurrency: 2 }],
] as const)("%s: places are given back by an answer and by an error", async (limit, settings) => {
  const limits = open(settings);
  const [first, second] = [work(), work()];
  const begun = [first, second].map(({ promise }) => outcome(limits, call("anne", "acme"), () => promise));
  expect(await outcome(limits, call("anne", "acme"))).toBe(`RATE_LIMITED ${limit}`);
  expect(await outcome(limits, call("bert", "other"))).toBe("answered");
  first.resolve();
  await begun[0];
  expect(await outcome(limits, call("anne", "acme"))).toBe("answered");
  const third = work();
  const next = outcome(limits, call("anne", "acme"), () => third.promise);
  expect(await outcome(limits, call("anne", "acme"))).toBe(`RATE_LIMITED ${limit}`);
  second.reject(new RelataError("CANCELLED", "left", { retryAfterMs: 1 }));
  await begun[1];
  expect(await outcome(limits, call("anne", "acme"))).toBe("answered");
  third.resolve();
  await next;
  expect(metric(limits, "relata_calls_waiting")).toBe(0);
});

test("a caller who leaves while its call waits for its turn gives its place back, and the call is not made", async () => {
  const limits = open({});
  // More than a turn has room for at 50 µs at least each: the last ones wait.
  const calls = Array.from({ length: 200 }, () => call("anne", "acme"));
  const made: EdgeCall[] = [];
  const ended = calls.map((one) =>
    Promise.resolve(
      limits.interceptor(one, (it) => {
        made.push(it);
        return undefined;
      }),
    ).catch(() => undefined),
  );
  expect(made.length).toBeLessThan(130);
  const last = calls.at(-1) as EdgeCall;
  last.abort(new RelataError("CANCELLED", "the caller ended the call"));
  await Promise.all(ended);
  expect(made).toHaveLength(199);
  expect(made).not.toContain(last);
  expect(metric(limits, "relata_calls_waiting")).toBe(0);
  expect(metric(limits, "relata_turn_waiting")).toBe(0);
});

const spin = (ms: number) => {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
};

test("who asks little is answered in its turn, however much another tenant has sent before", async () => {
  const limits = open({});
  const order: string[] = [];
  const asks = (tenant: string) =>
    limits.interceptor(call(tenant, tenant), () => {
      spin(0.05);
      order.push(tenant);
      return undefined;
    });
  const storm = Array.from({ length: 400 }, () => asks("storm"));
  void asks("quiet");
  expect(order.indexOf("quiet")).toBeGreaterThan(0);
  expect(order.indexOf("quiet")).toBeLessThan(100);
  await turns(2);
  const before = order.length;
  void asks("quiet");
  expect(order.slice(before), "at once again, with most of the storm still waiting").toEqual(["quiet"]);
  expect(before).toBeLessThan(200);
  await Promise.all(storm);
  expect(
    order.filter((tenant) => tenant === "storm"),
    "the storm gets all that is left",
  ).toHaveLength(400);
});

test("two tenants that storm have the same share, though one sends ten times as much and first", async () => {
  const limits = open({});
  const order: string[] = [];
  const asks = (tenant: string) =>
    limits.interceptor(call(tenant, tenant), () => {
      spin(0.05);
      order.push(tenant);
      return undefined;
    });
  const all = [...Array.from({ length: 1000 }, () => asks("loud")), ...Array.from({ length: 100 }, () => asks("less"))];
  await Promise.all(all);
  const lastOfLess = order.lastIndexOf("less");
  const loudBefore = order.slice(0, lastOfLess).filter((tenant) => tenant === "loud").length;
  expect(loudBefore).toBeLessThan(250);
  expect(order).toHaveLength(1100);
});

test("a thread that is late sheds who has more than its share, tells when to come back, and serves all others", async () => {
  const lag = { lateMs: 0 };
  const limits = open({}, lag);
  const busy = work();
  const begun = Array.from({ length: 100 }, () => outcome(limits, call("storm", "storm"), () => busy.promise));
  const one = outcome(limits, call("quiet", "quiet"), () => busy.promise);
  await turns(50);
  expect(await outcome(limits, call("storm", "storm"))).toBe("answered");
  lag.lateMs = 300;
  expect(await outcome(limits, call("storm", "storm"))).toBe("OVERLOADED overload");
  expect(await outcome(limits, call("quiet", "quiet"))).toBe("answered");
  lag.lateMs = 0;
  expect(await outcome(limits, call("storm", "storm"))).toBe("answered");
  busy.resolve();
  await Promise.all([...begun, one]);
});

test("whoever is refused again and again gets its refusals slowly, and all of them", async () => {
  const limits = open({ principalRate: 1, principalBurst: 1 });
  const seen = Array.from({ length: 200 }, () => outcome(limits, call("anne", "acme")));
  await turns(1);
  expect(metric(limits, "relata_refusals_held")).toBeGreaterThan(100);
  const all = await Promise.all(seen);
  expect(all.filter((one) => one === "RATE_LIMITED principal_rate")).toHaveLength(199);
  expect(metric(limits, "relata_limited_total")).toBe(199);
  expect(metric(limits, "relata_refusals_held")).toBe(0);
});
