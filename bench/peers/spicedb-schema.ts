import { PeerError } from "./peer.ts";
import { explain, nameOf, type SpiceDbClient } from "./spicedb-client.ts";

/** A definition that nothing refers to: by it the bench knows what it wrote itself, also after a run that was ended by force. */
const MARK = "relata_bench";
/** gRPC's code where no schema has been written. */
export const NOT_FOUND = 5;
/** Of a hundred thousand tuples in one transaction. */
const DELETING_MS = 300_000;

/** Replaces what the bench itself wrote before. A schema of anybody else's is left alone, which is an error. */
export async function writeSchema(client: SpiceDbClient, text: string): Promise<void> {
  await clear(client);
  await write(client, `${text}\n\ndefinition ${MARK} {}\n`);
}

/** Takes away the tuples and the schema of the bench. */
export async function clear(client: SpiceDbClient): Promise<void> {
  const { address } = client;
  const there = await readSchema(client);
  if (there === undefined) return;
  const definitions = [...there.matchAll(/^definition (\S+)/gm)].map(([, name = ""]) => name);
  if (!definitions.includes(MARK))
    throw new PeerError(
      `${nameOf(address)} has a schema already (${definitions.slice(0, 5).join(", ")}), which the bench would have to ` +
        "replace: give it an empty one, such as spicedb serve --datastore-engine memory --grpc-preshared-key TOKEN",
    );
  for (const definition of definitions) await deleteAll(client, definition);
  await write(client, "");
}

/** @returns undefined where there is none */
async function readSchema({ sdk, calls, address }: SpiceDbClient): Promise<string | undefined> {
  try {
    return (await calls.promises.readSchema(sdk.ReadSchemaRequest.create({}))).schemaText;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return undefined;
    throw explain(error, address, "reading the schema");
  }
}

async function write({ sdk, calls, address }: SpiceDbClient, schema: string): Promise<void> {
  await calls.promises.writeSchema(sdk.WriteSchemaRequest.create({ schema })).catch((error: unknown) => {
    throw explain(error, address, "writing the schema");
  });
}

async function deleteAll({ sdk, calls, address }: SpiceDbClient, resourceType: string): Promise<void> {
  const request = sdk.DeleteRelationshipsRequest.create({ relationshipFilter: { resourceType } });
  const deadline = Date.now() + DELETING_MS;
  await new Promise<void>((resolve, reject) => {
    calls.deleteRelationships(request, { deadline }, (error) =>
      error === null ? resolve() : reject(explain(error, address, `deleting tuples of ${resourceType}`)),
    );
  });
}
