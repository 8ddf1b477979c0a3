/** As many as a server gives at once. */
const PAGE_SIZE = 1000;

/** All entries of a list that comes in pages. */
export async function* allPages<Entry>(
  fetch: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<{
    readonly entries: readonly Entry[];
    readonly nextPageToken: string;
  }>,
): AsyncGenerator<Entry> {
  let pageToken = "";
  do {
    const page = await fetch({ pageSize: PAGE_SIZE, pageToken });
    yield* page.entries;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
