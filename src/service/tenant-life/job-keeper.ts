import { RelataError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { TenantLifeStore } from "../../model/tenant-life.ts";

/** Works at moves and removals in the background: those begun here, and those whose process is gone. Also forgets what is too old. */
export interface JobKeeper {
  /** Sees to it that somebody is at the tenant's job. Returns at once. */
  goOn(tenantId: string): void;
  /** Leaves jobs for the next process to go on with. */
  close(): Promise<void>;
}

export interface JobKeeperOptions {
  readonly life: TenantLifeStore;
  /** How long to wait until no process has an old address, or lets in a removed tenant's callers. */
  readonly settleMs: number;
  readonly log: Logger;
  /** Default 30,000. */
  readonly lookEveryMs?: number;
}

/** Each copies on a connection of its own. More would only be in each other's way. */
const AT_ONCE = 4;
const LOOK_EVERY_MS = 30_000;
/** Of calls by day. */
const KEEP_DAYS = 400;
const DAY_MS = 86_400_000;
/**
 * Of changes that other processes follow, of which they are seconds behind; and of revocations, once no token can need them by the
 * clock of the process that took them in: room for clocks that differ.
 */
const KEEP_TRUST_MS = DAY_MS;
const FORGET_EVERY_MS = 3_600_000;

export function createJobKeeper({ life, settleMs, log, lookEveryMs = LOOK_EVERY_MS }: JobKeeperOptions): JobKeeper {
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();

  const run = async (tenantId: string): Promise<void> => {
    const { signal } = closing;
    try {
      await life.run(tenantId, {
        settleMs,
        signal,
        onStage: ({ kind, stage, copied, removed }) =>
          log.info({ tenantId, job: kind, stage, copied, removed }, "a tenant is being moved or removed"),
      });
    } catch (error) {
      // Another process is at it.
      const isTaken = error instanceof RelataError && error.reason === "TENANT_STATE";
      if (signal.aborted || isTaken) return;
      const detail = error instanceof RelataError ? error.detail : undefined;
      log.warn({ tenantId, error: String(error), detail }, "a tenant's move or removal stopped; it goes on later");
    }
  };
  const goOn = (tenantId: string): void => {
    if (closing.signal.aborted || running.has(tenantId) || running.size >= AT_ONCE) return;
    running.set(
      tenantId,
      run(tenantId).finally(() => running.delete(tenantId)),
    );
  };
  let forgotAtMs = Number.NEGATIVE_INFINITY;
  const forget = async (): Promise<void> => {
    if (performance.now() - forgotAtMs < FORGET_EVERY_MS) return;
    await life.forgetCalls(new Date(Date.now() - KEEP_DAYS * DAY_MS).toISOString().slice(0, 10));
    await life.forgetTrust(KEEP_TRUST_MS);
    forgotAtMs = performance.now();
  };
  const look = async (): Promise<void> => {
    try {
      // As many more as are under way here already, and so found again.
      for (const tenantId of await life.unfinished(AT_ONCE + running.size)) goOn(tenantId);
      await forget();
    } catch (error) {
      if (!closing.signal.aborted)
        log.warn(
          { error: String(error) },
          "jobs of tenants could not be looked up, or what is too old not be forgotten",
        );
    }
  };
  const timer = life.canMaintain ? setInterval(() => void look(), lookEveryMs).unref() : undefined;
  return {
    goOn,
    async close() {
      clearInterval(timer);
      closing.abort();
      await Promise.all(running.values());
    },
  };
}
