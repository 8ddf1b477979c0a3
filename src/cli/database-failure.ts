import { RelataError } from "../errors.ts";
import { CliError, exitOf } from "./exit.ts";

/**
 * A database that cannot be used, for the operator who started the command: callers of the service are told nothing of
 * it, but who configured the address needs Postgres's own words. Other errors stay as they are.
 */
export function databaseFailure(error: unknown, url: string): unknown {
  if (!(error instanceof RelataError)) return error;
  if (error.reason === "STORE_UNFIT")
    return new CliError(exitOf(error), error.message, { ...placeOf(url), cause: error });
  if (error.reason !== "STORE_UNAVAILABLE") return error;
  const message = `the database cannot be used: ${error.detail ?? error.message}`;
  return new CliError(exitOf(error), message, { ...placeOf(url), hint: hintOf(error.cause), cause: error });
}

/** Role, host, port and database; never the password, nor parameters, which may hold one. */
function placeOf(url: string): { readonly where?: string } {
  if (!URL.canParse(url)) return {};
  const { hostname, port, pathname, username } = new URL(url);
  return { where: `postgres://${username === "" ? "" : `${username}@`}${hostname}:${port || "5432"}${pathname}` };
}

/** By the SQLSTATE, in which the two commonest mistakes of a first start show. */
function hintOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "28P01" || code === "28000")
    return "check role and password; `relata migrate` makes relata_app without one: ALTER ROLE relata_app PASSWORD '…'";
  if (code === "3D000") return "create the database first: CREATE DATABASE …";
  return "check host and port, and that Postgres runs and accepts connections from here";
}
