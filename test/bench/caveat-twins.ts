import { BlockList } from "node:net";
import type { JsonValue } from "../../src/model/tuple.ts";
import type { CaveatJudge } from "../support/arbitrary-caveats.ts";

type Values = { readonly [name: string]: JsonValue | undefined };

/** The workloads' caveats, written a second time without CEL; every value is there. */
const TWINS: Readonly<Record<string, (values: Values) => boolean>> = {
  between: ({ at, opens, closes }) => {
    const [now, from, until] = [at, opens, closes].map((value) => Date.parse(String(value)));
    return now !== undefined && from !== undefined && until !== undefined && now >= from && now < until;
  },
  from_network: ({ ip, network }) => {
    const [base = "", bits = ""] = String(network).split("/");
    const list = new BlockList();
    list.addSubnet(base, Number(bits), "ipv4");
    return list.check(String(ip), "ipv4");
  },
  up_to: ({ amount, most }) => Number(amount) > 0 && Number(amount) <= Number(most),
  in_regions: ({ region, regions }) => Array.isArray(regions) && regions.includes(region),
};

/** What was written wins over what is told. */
export const judgeByTwin: CaveatJudge = (name, written, request) => {
  const twin = TWINS[name];
  if (twin === undefined) throw new Error(`test/bench/caveat-twins.ts has no twin of the caveat ${name}`);
  return twin({ ...request, ...written });
};
