import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";

/** The reason a call was refused for; `answered` where it was not. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const refusal = ConnectError.from(error);
    expect(refusal.code).not.toBe(Code.Internal);
    return refusal.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  }
  return "answered";
}
