import type { DemoQuestion } from "./organization.ts";
import { toRequest } from "./plain-grpc.ts";

const DEADLINE_MS = 20_000;

/** A Check as curl or a browser would ask it: POST, JSON, a bearer token. */
export async function checkByHttp(port: number, token: string, question: DemoQuestion): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/relata.v1.AuthorizationService/Check`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(toRequest(question)),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer = (await response.json()) as { decision?: string };
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${JSON.stringify(answer)}`);
  return answer.decision ?? "none";
}
