import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { TestServer } from "./server.ts";

/** Sent with every call. */
export type RequestHeaders = Readonly<Record<string, string>>;

type MakeTransport = (server: Pick<TestServer, "grpcAddress" | "httpUrl">, headers?: RequestHeaders) => Transport;

/** Every way to speak to a server: two ports, four protocols, HTTP/1.1 and HTTP/2. */
const ALL = {
  "gRPC on the gRPC port": ({ grpcAddress }, headers) =>
    createGrpcTransport({ baseUrl: `http://${grpcAddress}`, interceptors: [sending(headers)] }),
  "gRPC on the HTTP port": ({ httpUrl: baseUrl }, headers) =>
    createGrpcTransport({ baseUrl, interceptors: [sending(headers)] }),
  "Connect with JSON over HTTP/1.1": ({ httpUrl: baseUrl }, headers) =>
    createConnectTransport({ baseUrl, interceptors: [sending(headers)], httpVersion: "1.1", useBinaryFormat: false }),
  "Connect with protobuf over HTTP/1.1": ({ httpUrl: baseUrl }, headers) =>
    createConnectTransport({ baseUrl, interceptors: [sending(headers)], httpVersion: "1.1", useBinaryFormat: true }),
  "Connect with JSON over HTTP/2": ({ httpUrl: baseUrl }, headers) =>
    createConnectTransport({ baseUrl, interceptors: [sending(headers)], httpVersion: "2", useBinaryFormat: false }),
  "gRPC-Web over HTTP/1.1": ({ httpUrl: baseUrl }, headers) =>
    createGrpcWebTransport({ baseUrl, interceptors: [sending(headers)], httpVersion: "1.1" }),
} satisfies Record<string, MakeTransport>;

export const TRANSPORTS: Readonly<Record<TransportName, MakeTransport>> = ALL;

export type TransportName = keyof typeof ALL;

export const TRANSPORT_NAMES = Object.keys(ALL) as readonly TransportName[];

function sending(headers: RequestHeaders = {}): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
}
