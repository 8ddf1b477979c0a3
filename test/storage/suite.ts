import { afterAll, beforeAll, describe } from "vitest";
import type { Store } from "../../src/model/store.ts";
import { describeChanges } from "./suite-changes.ts";
import { describeDeletes } from "./suite-deletes.ts";
import { describeExpiry } from "./suite-expiry.ts";
import { describePages } from "./suite-pages.ts";
import { describeScans } from "./suite-scans.ts";
import { describeSchemas } from "./suite-schemas.ts";
import { describeSource } from "./suite-source.ts";
import { describeTenants } from "./suite-tenants.ts";
import { describeWrites } from "./suite-writes.ts";

/** The rules of the port, which hold for every store. `open` is called once. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} store`, () => {
    let store: Store | undefined;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());
    const opened = (): Store => {
      if (store === undefined) throw new Error("the store is not open");
      return store;
    };
    describeTenants(opened);
    describeSchemas(opened);
    describeWrites(opened);
    describeDeletes(opened);
    describePages(opened);
    describeExpiry(opened);
    describeSource(opened);
    describeScans(opened);
    describeChanges(opened);
  });
}
