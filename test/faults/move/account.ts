import { rowsOf } from "../../storage/postgres/tenant-rows.ts";
import { withClient } from "../../support/postgres-template.ts";
import { checkHistory } from "../checker.ts";
import { readHistory } from "../history.ts";
import { insist, send } from "./clients.ts";
import type { MoveFleet } from "./fleet.ts";
import type { Records } from "./records.ts";
import { writeOf } from "./story.ts";

/**
 * Everything wrong at the end; empty when all is right: every acknowledged write is there exactly once and as a whole, by the
 * writers' own accounts; all rows are at the new place and none at the old one; and a retried write is still known.
 */
export async function accountFor(fleet: MoveFleet, records: Records): Promise<readonly string[]> {
  const { database, tenant } = fleet;
  const problems: string[] = [];
  const repeats = [...records.acks].flatMap(([writer, acks]) => {
    const last = acks.at(-1);
    return last === undefined ? [] : [{ write: writeOf(writer, last.n), token: last.token }];
  });
  for (const node of fleet.nodes)
    for (const { write, token } of repeats) {
      const answer = await insist(() => send(node, write));
      if (!answer.replayed || answer.consistencyToken !== token)
        problems.push(`${node.name} did not know write ${write.id} any more: ${answer.replayed}`);
    }
  const history = await readHistory(database.superuser ?? database.owner, tenant.slug, records.journal);
  problems.push(...checkHistory(history));
  const { tuples, revisions } = await rowsOf(database, tenant.id);
  const [place] = await readPlace(fleet);
  const buckets = [...new Set([...tuples.keys(), ...revisions.keys()])];
  if (place === undefined || place.bucket < 1000 || place.mirror_bucket !== null)
    problems.push(`the tenant is at ${JSON.stringify(place)}`);
  if (buckets.length !== 1 || buckets[0] !== place?.bucket)
    problems.push(`rows are in buckets ${buckets}, the tenant in ${place?.bucket}`);
  const twice = [...tuples.values()].flat().length - history.rows.length;
  if (twice !== 0) problems.push(`${twice} rows are there twice`);
  return problems;
}

async function readPlace({ database, tenant }: MoveFleet) {
  return withClient(database.owner, async (client) => {
    await client.query("SELECT set_config('relata.tenant_id', $1, false)", [tenant.id]);
    const sql = "SELECT bucket, mirror_bucket FROM relata.tenant_head WHERE tenant_id = $1";
    const { rows } = await client.query<{ bucket: number; mirror_bucket: number | null }>(sql, [tenant.id]);
    return rows;
  });
}
