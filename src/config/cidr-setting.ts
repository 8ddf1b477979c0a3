import { isIP } from "node:net";
import { z } from "zod";
import { show } from "./trust-settings.ts";

/** `10.0.0.0/8`, `2001:db8::/32`, or an address by itself. */
export const cidrsSetting: z.ZodType<readonly string[]> = z.array(
  z
    .string()
    .refine(isCidr, { error: ({ input }) => `expected an address or CIDR such as 10.0.0.0/8, found ${show(input)}` }),
  "expected a list of addresses or CIDRs",
);

function isCidr(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
