import { bodyOf, type Exchange, type HttpStand, serveHttp } from "./http-exchange.ts";

export interface RecordingProxy extends HttpStand {
  /** In the order of the requests. */
  readonly exchanges: readonly Exchange[];
}

/** Stands before a server and writes down what is asked and answered, each id and each time replaced by one that is the same at every run. */
export async function recordHttp(upstream: string, normalise: (text: string) => string): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const stand = await serveHttp(async ({ method, path, authorization }, raw) => {
    const found = await fetch(`${upstream}${path}`, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(raw.length === 0 ? {} : { "content-type": "application/json" }),
      },
      ...(raw.length === 0 ? {} : { body: new Uint8Array(raw) }),
    });
    const text = await found.text();
    const type = found.headers.get("content-type") ?? undefined;
    const response = { status: found.status, ...(type === undefined ? {} : { type }) };
    exchanges.push({
      request: {
        method,
        path: normalise(path),
        ...(authorization === undefined ? {} : { authorization }),
        ...bodyOf(normalise(raw.toString())),
      },
      response: { ...response, ...bodyOf(normalise(text)) },
    });
    return { ...response, ...bodyOf(text) };
  });
  return { ...stand, exchanges };
}

/** Ids of 26 characters are numbered as they are met; every time becomes the same. One for each run. */
export function numberIds(): (text: string) => string {
  const numbers = new Map<string, string>();
  return (text) =>
    text
      .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, (id) => {
        const number = numbers.get(id) ?? String(numbers.size + 1).padStart(26, "0");
        numbers.set(id, number);
        return number;
      })
      .replace(/("(?:created_at|updated_at|deleted_at)":")[^"]*"/g, '$12026-01-01T00:00:00Z"');
}
