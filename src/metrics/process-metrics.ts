import { monitorEventLoopDelay } from "node:perf_hooks";
import { counter, gauge, type MetricSource } from "../metrics.ts";

/** Finer would cost more and say no more: what matters is who waits tens of milliseconds. */
const RESOLUTION_MS = 10;

export interface ProcessMetrics {
  readonly collect: MetricSource;
  stop(): void;
}

/** Memory, processor and how long the one thread was kept from its queue, under the names that dashboards know. */
export function createProcessMetrics(): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    collect() {
      const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      const longestSeconds = delay.max / 1e9;
      delay.reset();
      return [
        gauge("process_resident_memory_bytes", "Resident set.", rss),
        counter("process_cpu_seconds_total", "Processor time.", (user + system) / 1e6),
        gauge("nodejs_heap_size_used_bytes", "Objects of JavaScript.", heapUsed),
        gauge("nodejs_external_memory_bytes", "Memory outside of the heap, array buffers included.", external),
        gauge("nodejs_array_buffers_bytes", "Array buffers, where tenants in memory are.", arrayBuffers),
        gauge("nodejs_eventloop_delay_max_seconds", "Longest delay since this was last asked.", longestSeconds),
      ];
    },
    stop: () => void delay.disable(),
  };
}
