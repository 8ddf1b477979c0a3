import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { describeStore } from "./suite.ts";

describeStore("memory", async () => createMemoryStore({ now: () => Date.now() }));
