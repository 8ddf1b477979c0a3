import { formatObject, formatSubject } from "../../src/model/object.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import type { LoadedPeer, Peer } from "./peer.ts";

/** Calls under way at once: as many as a usual client has, so that thousands of questions take seconds. */
const IN_FLIGHT = 32;

interface Difference {
  readonly asked: KnownQuestion;
  /** What the peer says, or why it says nothing. */
  readonly answer: boolean | string;
}

/** Asks the peer by its own client. @returns what it answered otherwise, in words, and the likely cause of each */
export async function checkAnswers(
  peer: Pick<Peer, "address" | "differences">,
  loaded: Pick<LoadedPeer, "check" | "tuples">,
  work: Workload,
  questions: readonly KnownQuestion[],
): Promise<readonly string[]> {
  const found: Difference[] = [];
  let next = 0;
  const ask = async () => {
    for (let asked = questions[next++]; asked !== undefined; asked = questions[next++]) {
      const answer = await loaded.check(asked).catch((error: unknown) => messageOf(error));
      if (answer !== asked.allowed) found.push({ asked, answer });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, ask));
  if (found.length === 0) return [];
  const cause = likelyCause(found, { questions, tuples: loaded.tuples, work, differences: peer.differences(work) });
  return found.map((one) => `${peer.address.name}/${work.name}: ${describe(one)}; ${cause}`);
}

function describe({ asked, answer }: Difference): string {
  const { object, member, subject } = asked.question;
  const context = asked.context === undefined ? "" : ` with ${JSON.stringify(asked.context)}`;
  const says = typeof answer === "string" ? `it gives no answer (${answer})` : `it says ${yesNo(answer)}`;
  return `${formatSubject(subject)} ${member} ${formatObject(object)}${context}: ${yesNo(asked.allowed)} is right (${asked.kind}), ${says}`;
}

interface Circumstances {
  readonly questions: readonly KnownQuestion[];
  readonly tuples: number;
  readonly work: Workload;
  readonly differences: readonly string[];
}

/** The first that fits, from what explains everything to what explains little. */
function likelyCause(found: readonly Difference[], { questions, tuples, work, differences }: Circumstances): string {
  if (tuples !== work.tuples) return `likely cause: it took ${tuples} of ${work.tuples} tuples`;
  const kinds = [...new Set(found.map(({ asked }) => asked.kind))];
  const ofKinds = questions.filter(({ kind }) => kinds.includes(kind)).length;
  const some = `${found.length} of ${questions.length} answers are wrong, all of ${kinds.length} kinds of question`;
  if (found.every(({ answer }) => typeof answer === "string")) return "likely cause: it is the error that it gives";
  if (differences.length > 0) return `likely cause: its model differs: ${differences.join("; ")}`;
  if (found.every(({ answer }) => answer === false))
    return `likely cause: tuples are missing or not seen yet, or a way of the schema is (${some})`;
  if (found.length === questions.length) return "likely cause: every answer is turned around";
  if (found.length === ofKinds) return `likely cause: it decides these kinds otherwise: ${kinds.join(", ")}`;
  return `likely cause: somebody else writes to it, or its cache is wrong (${some})`;
}

function yesNo(allowed: boolean): string {
  return allowed ? "allowed" : "denied";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
