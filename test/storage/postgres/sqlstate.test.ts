import pg from "pg";
import { describe, expect, it } from "vitest";
import { type ErrorReason, RelataError } from "../../../src/errors.ts";
import { FlightError } from "../../../src/storage/postgres/flight.ts";
import { translatePgError } from "../../../src/storage/postgres/sqlstate.ts";

const SECRET = "password of tenant acme";

function databaseError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError(SECRET, 0, "error");
  error.code = code;
  return error;
}

describe("errors of Postgres", () => {
  it.each<[string, ErrorReason]>([
    ["40001", "WRITE_CONFLICT"],
    ["40P01", "WRITE_CONFLICT"],
    ["55P03", "WRITE_CONFLICT"],
    ["57014", "DEADLINE_EXCEEDED"],
    ["25P03", "DEADLINE_EXCEEDED"],
    ["57P01", "STORE_UNAVAILABLE"], // admin_shutdown
    ["57P02", "STORE_UNAVAILABLE"], // crash_shutdown
    ["57P03", "STORE_UNAVAILABLE"], // cannot_connect_now
    ["08006", "STORE_UNAVAILABLE"], // connection_failure
    ["53300", "STORE_UNAVAILABLE"], // too_many_connections
    ["53100", "STORE_UNAVAILABLE"], // disk_full
    ["3D000", "STORE_UNAVAILABLE"], // invalid_catalog_name
    ["28P01", "STORE_UNAVAILABLE"], // invalid_password
    ["25006", "STORE_UNAVAILABLE"], // read_only_sql_transaction
    ["22021", "INVALID_REQUEST"],
    ["23505", "INTERNAL"],
    ["42501", "INTERNAL"],
    ["XX000", "INTERNAL"],
  ])("%s is %s, its text for the log only", (code, reason) => {
    for (const error of [databaseError(code), new FlightError("refused", databaseError(code))]) {
      const translated = translatePgError(error);
      expect(translated.reason).toBe(reason);
      expect(translated.message).not.toContain(SECRET);
      expect(translated.detail).toBe(SECRET);
    }
  });

  it.each(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "ENOENT", "ETIMEDOUT", "EAI_AGAIN"])(
    "of the socket, %s is STORE_UNAVAILABLE",
    (code) => {
      const error = Object.assign(new Error(SECRET), { code });
      expect(translatePgError(error)).toMatchObject({ reason: "STORE_UNAVAILABLE", detail: SECRET });
      expect(translatePgError(new AggregateError([error])).reason).toBe("STORE_UNAVAILABLE");
    },
  );

  it("leave relata's own errors as they are, and take anything else for internal", () => {
    const own = new RelataError("INVALID_TUPLE", "x");
    expect(translatePgError(own)).toBe(own);
    expect(translatePgError(new TypeError(SECRET))).toMatchObject({ reason: "INTERNAL", message: "Internal error." });
    expect(translatePgError("odd")).toMatchObject({ reason: "INTERNAL", detail: "odd" });
  });
});
