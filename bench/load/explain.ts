import { connect } from "node:http2";
import type { LoadRequest, LoadTarget } from "./target.ts";

const ANSWER_MS = 5_000;

/**
 * Asks once more, by a whole client, why a gRPC call has no right answer: the generator does not read the text of headers.
 * @returns such as `grpc-status 7: permission denied`; undefined where it succeeds
 */
export function explainFailure({ host, port }: LoadTarget, request: LoadRequest): Promise<string | undefined> {
  const { path, headers, body } = request;
  const session = connect(`http://${host}:${port}`);
  return new Promise((resolve) => {
    const say = (why: string | undefined) => {
      session.destroy();
      resolve(why);
    };
    session.once("error", (error) => say(error.message));
    const call = session.request({
      ":method": "POST",
      ":path": path,
      te: "trailers",
      "content-type": "application/grpc",
      ...Object.fromEntries(headers),
    });
    const look = (found: Readonly<Record<string, unknown>>) => {
      const code = found["grpc-status"];
      if (code === undefined) return;
      const message = decodeURIComponent(String(found["grpc-message"] ?? ""));
      say(code === "0" ? undefined : `grpc-status ${code}: ${message}`);
    };
    call.once("response", look);
    call.once("trailers", look);
    call.once("error", (error) => say(error.message));
    call.setTimeout(ANSWER_MS, () => say(`no answer within ${ANSWER_MS / 1000} s`));
    call.resume();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    call.end(Buffer.concat([prefix, body]));
  });
}
