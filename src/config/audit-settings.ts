import { z } from "zod";
import { strict } from "./trust-settings.ts";

/** How much of the answered questions is logged. */
export const DECISION_POLICIES = ["off", "denied", "sampled", "all"] as const;

export interface AuditKey {
  readonly id: string;
  /** Ed25519, 32 bytes (RFC 8032). */
  readonly privateKey: Uint8Array;
}

const BASE64 = /^[A-Za-z0-9+/]{43}=$/;

const ID = "expected 1 to 32 letters, digits, dots, dashes or underscores";
const KEY = "expected 32 bytes in base64: `openssl rand -base64 32` makes such a key";

const auditKey: z.ZodType<AuditKey> = strict({
  id: z.string(ID).regex(/^[A-Za-z0-9._-]{1,32}$/, ID),
  privateKey: z
    .string(KEY)
    .regex(BASE64, KEY)
    .transform((text): Uint8Array => Buffer.from(text, "base64")),
});

/** The first signs; a key that signed before stays in the list for as long as its heads are to be believed. */
export const auditKeysSetting: z.ZodType<readonly AuditKey[]> = z
  .array(auditKey, "expected a list of keys, [{ id, privateKey }]")
  .superRefine((list, context) => {
    for (const [index, { id }] of list.entries())
      if (list.findIndex((other) => other.id === id) < index)
        context.addIssue({ code: "custom", path: [index, "id"], message: `key id "${id}" is listed twice` });
  });

const SHARE = "expected a share from 0 to 1, such as 0.01";

export const sampleRateSetting: z.ZodType<number> = z.preprocess(
  (value) => (typeof value === "string" && /^\d(\.\d{1,9})?$/.test(value.trim()) ? Number(value) : value),
  z.number(SHARE).min(0, SHARE).max(1, SHARE),
);
