import { describeStore } from "../suite.ts";
import { openStore } from "./open.ts";

describeStore("Postgres", async () => {
  const { store, close } = await openStore();
  return { ...store, close };
});
