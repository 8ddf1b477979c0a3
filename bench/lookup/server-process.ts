// The server of the bench in a process of its own, so that its memory is its own too: started by fork with an IPC channel.
import { type ObservedServerOptions, type Statements, startObservedServer } from "./observed-server.ts";

export type ServerQuestion = ({ readonly what: "start" } & ObservedServerOptions) | { readonly what: "look" | "stop" };
export type ServerAnswer =
  | { readonly what: "started"; readonly address: string }
  | {
      readonly what: "seen";
      readonly statements: Statements;
      readonly rssBytes: number;
      readonly peakRssBytes: number;
    };

const SAMPLE_MS = 10;

let server: Awaited<ReturnType<typeof startObservedServer>> | undefined;
let peakRssBytes = 0;
setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}, SAMPLE_MS).unref();

process.on("message", (question: ServerQuestion) => void answer(question));

async function answer(question: ServerQuestion): Promise<void> {
  if (question.what === "start") {
    server = await startObservedServer(question);
    send({ what: "started", address: server.address });
  } else if (question.what === "look") {
    const rssBytes = process.memoryUsage.rss();
    const statements = server?.statements() ?? { count: 0, lastAtMs: 0 };
    send({ what: "seen", statements, rssBytes, peakRssBytes: Math.max(peakRssBytes, rssBytes) });
    // The next look tells the peak since this one.
    peakRssBytes = 0;
  } else {
    await server?.close();
    process.disconnect();
  }
}

function send(answer: ServerAnswer): void {
  process.send?.(answer);
}
