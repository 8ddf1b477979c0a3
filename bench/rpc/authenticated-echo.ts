import { create, type DescMethod } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { type Authenticator, createAuthenticator } from "../../src/auth/authenticate.ts";
import type { Config } from "../../src/config.ts";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { Logger } from "../../src/log.ts";
import { createRequestMetrics } from "../../src/metrics/request-metrics.ts";
import type { Store } from "../../src/model/store.ts";
import { openEntrance } from "../../src/rpc/connections/entrance.ts";
import { compose, type Pipeline, procedureOf } from "../../src/rpc/edge-call.ts";
import { startGrpcServer } from "../../src/rpc/grpc.ts";
import { CODES } from "../../src/rpc/interceptors/count-calls.ts";
import { guardedInterceptors } from "../../src/rpc/interceptors.ts";
import { tenantCall } from "../../src/rpc/routes/calls.ts";
import type { RpcServer } from "../../src/rpc/server.ts";
import { createTenantCache } from "../../src/rpc/tenant-cache.ts";

/** Under Check's name, since what may be called is a table that knows no echo. */
const METHOD: DescMethod = { ...AuthorizationService.method.check, input: EmptySchema, output: EmptySchema };

/** An echo behind everything a Check passes, but for its decision, on a port of its own. */
export async function startAuthenticatedEcho(config: Config, store: Store, log: Logger): Promise<RpcServer> {
  const now = Date.now;
  const authenticator = createAuthenticator(config, { now, log });
  const interceptors = guardedInterceptors({
    ...config,
    authenticator,
    findTenant: createTenantCache(store.tenants),
    log,
    now,
    requests: createRequestMetrics([procedureOf(METHOD)], CODES),
  });
  const pipeline = compose(interceptors, (call) => {
    tenantCall(call);
    call.transport.receive();
    return call.transport.send(create(EmptySchema));
  });
  return await serve({ config, log, authenticator }, pipeline, false);
}

/** An echo by the transport that carries a Check, before anything else of the service: what a call costs at least, on a port of its own. */
export async function startTransportEcho(config: Config, log: Logger): Promise<RpcServer> {
  const authenticator = createAuthenticator(config, { now: Date.now, log });
  const pipeline: Pipeline = ({ transport }) => {
    transport.receive();
    return transport.send(create(EmptySchema));
  };
  return await serve({ config, log, authenticator }, pipeline, true);
}

interface EchoParts {
  readonly config: Config;
  readonly log: Logger;
  readonly authenticator: Authenticator;
}

function serve({ config, log, authenticator }: EchoParts, pipeline: Pipeline, open: boolean): Promise<RpcServer> {
  const { grpcHost, maxMessageBytes } = config;
  return startGrpcServer([{ route: { method: METHOD, open, run: pipeline }, pipeline }], {
    host: grpcHost,
    port: 0,
    maxMessageBytes,
    entrance: openEntrance(config, log),
    authenticator,
    log,
  });
}
