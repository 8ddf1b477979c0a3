import { Server, type ServerUnaryCall, type sendUnaryData, type UntypedServiceImplementation } from "@grpc/grpc-js";

/** The bare method: no authentication, no interceptor, empty in, empty out. */
export const ECHO_PATH = "/bench.Echo/Bare";

const PASS = (bytes: Buffer): Buffer => bytes;
const EMPTY = Buffer.alloc(0);

const DEFINITION = {
  Bare: {
    path: ECHO_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: PASS,
    requestDeserialize: PASS,
    responseSerialize: PASS,
    responseDeserialize: PASS,
  },
};

const IMPLEMENTATION: UntypedServiceImplementation = {
  Bare: (_: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => callback(null, EMPTY),
};

/**
 * Adds the echo to every grpc-js server that this process makes from now on, when it gets its first service: the product's own
 * server is measured as it is, and knows nothing of it.
 */
export function addEchoToServers(): void {
  const { addService } = Server.prototype;
  const known = new WeakSet<Server>();
  Server.prototype.addService = function (this: Server, ...service: Parameters<typeof addService>) {
    if (!known.has(this)) addService.call(this, DEFINITION, IMPLEMENTATION);
    known.add(this);
    return addService.apply(this, service);
  };
}
