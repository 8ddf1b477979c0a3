import { expect, test } from "vitest";
import { openStore } from "../storage/postgres/open.ts";
import { openRoom, show } from "./lookup-subjects-room.ts";

const SCHEMA = `definition user {}
definition document {
  relation viewer: user | user:*
  relation banned: user
  permission view = viewer - banned
}`;

test("pages over Postgres stay at their revision while others write", async () => {
  const { store, close } = await openStore();
  try {
    const ids = Array.from({ length: 300 }, (_, i) => `u${100 + i}`);
    const viewers = ["*", ...ids].map((id) => `document:d#viewer@user:${id}`);
    const room = await openRoom(SCHEMA, [...viewers, "document:d#banned@user:u107"], store);
    const whole = await room.list("document:d#view", "user");
    expect(whole).toEqual(["*", ...ids.map((id) => (id === "u107" ? "!u107" : id))]);
    const paged: string[] = [];
    for (let cursor = ""; ; ) {
      const results = await room.results("document:d#view", "user", { limit: 67, cursor });
      paged.push(...results.map(show));
      if (results.length < 67) break;
      cursor = results.at(-1)?.cursor ?? "";
      const far = 300 + paged.length / 67;
      await room.delete("document:d#viewer@user:*", `document:d#viewer@user:u${far}`);
      await room.write(`document:d#banned@user:u${far + 50}`, `document:d#viewer@user:v${far}`);
    }
    expect(paged).toEqual(whole);
  } finally {
    await close();
  }
});
