import { parseApiToken } from "../../auth/api-token-format.ts";
import { badInput } from "../exit.ts";

/** Of a token that leaked, people have the whole: its key id is taken from it here, and the secret goes nowhere. */
export function keyIdOf(text: string): string {
  if (!text.startsWith("rlt_")) return text;
  const keyId = parseApiToken(text)?.keyId;
  if (keyId !== undefined) return keyId;
  throw badInput("the API token was copied wrong: its check digits do not fit", {
    hint: "give its key id, the 12 characters between its second _ and its third; `relata token list` shows it",
  });
}
