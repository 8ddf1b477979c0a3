import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { describeStore } from "./suite.ts";

/** Ticks whenever it is asked: what belongs to one instant must ask once. */
let instantMs = Date.now();
describeStore("memory", async () => createMemoryStore({ now: () => instantMs++ }));
