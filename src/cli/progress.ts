import type { Sink } from "./context.ts";

/** Often enough to look alive, too rarely to cost anything. */
const REDRAW_MS = 100;
const BAR_CELLS = 24;

export interface Progress {
  update(done: number): void;
  /** Wipes the bar. */
  end(): void;
}

/** A bar on a terminal; silent anywhere else. `total` undefined (stdin) counts without a bar. */
export function progressBar(
  sink: Sink,
  now: () => number,
  options: { readonly label: string; readonly total: number | undefined },
): Progress {
  if (sink.isTTY !== true) return { update: () => undefined, end: () => undefined };
  const startedAt = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update: (done) => {
      const at = now();
      if (at - drawnAt < REDRAW_MS && done !== options.total) return;
      drawnAt = at;
      const perSecond = Math.round((done * 1000) / Math.max(1, at - startedAt));
      const counts = `${done.toLocaleString("en-US")}${options.total === undefined ? "" : ` of ${options.total.toLocaleString("en-US")}`}`;
      sink.write(
        `\r\u001b[K${options.label} ${bar(done, options.total)}${counts}, ${perSecond.toLocaleString("en-US")}/s`,
      );
    },
    end: () => sink.write("\r\u001b[K"),
  };
}

function bar(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return "";
  const filled = Math.min(BAR_CELLS, Math.floor((done / total) * BAR_CELLS));
  return `[${"#".repeat(filled)}${" ".repeat(BAR_CELLS - filled)}] `;
}
