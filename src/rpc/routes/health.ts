import { RelataError } from "../../errors.ts";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/grpc/health/v1/health_pb.ts";
import { aborted } from "../aborted.ts";
import type { EdgeCall } from "../edge-call.ts";
import type { Health } from "../health.ts";
import { type Route, routesOf } from "./route.ts";

/** @param services full names that may be asked about; the empty name is the server as a whole */
export function healthRoutes(health: Health, services: ReadonlySet<string>): readonly Route[] {
  const known = (service: string) => service === "" || services.has(service);
  return routesOf(
    HealthService,
    (call: EdgeCall) => call,
    {
      check: async (_call, { service }) => {
        if (!known(service))
          throw new RelataError("UNKNOWN_SERVICE", `there is no service ${JSON.stringify(service)} here`);
        return { status: statusOf(await health.serving()) };
      },
      watch: async function* (call, { service }) {
        if (!known(service)) {
          yield { status: Status.SERVICE_UNKNOWN };
          await aborted(AbortSignal.any([call.signal, health.stopping]));
          return;
        }
        for await (const serving of health.watch(call.signal)) yield { status: statusOf(serving) };
      },
    },
    { open: true },
  );
}

function statusOf(serving: boolean): Status {
  return serving ? Status.SERVING : Status.NOT_SERVING;
}
