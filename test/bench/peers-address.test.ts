import { describe, expect, it } from "vitest";
import { formatPlace, parsePeer } from "../../bench/peers/peer-address.ts";
import { readPeerOrder } from "../../bench/peers/peer-order.ts";

describe("the address of a peer", () => {
  it.each([
    ["spicedb=localhost:50051,token", { name: "spicedb", host: "localhost", port: 50_051, token: "token" }],
    ["openfga=10.0.0.7:8080", { name: "openfga", host: "10.0.0.7", port: 8_080 }],
    ["openfga=[::1]:8080,t", { name: "openfga", host: "::1", port: 8_080, token: "t" }],
    [
      "spicedb=spicedb_1.internal:1,a,b=c:d",
      { name: "spicedb", host: "spicedb_1.internal", port: 1, token: "a,b=c:d" },
    ],
  ])("reads %s", (text, address) => {
    expect(parsePeer(text)).toEqual(address);
    expect(formatPlace(parsePeer(text))).toBe(text.split(/[=,]/)[1]);
  });

  it.each([
    ["localhost:50051", "names no peer: write NAME=HOST:PORT[,TOKEN], such as spicedb=localhost:50051,token"],
    ["spicedbs=localhost:1", 'there is no peer "spicedbs"; there are spicedb, openfga'],
    ["spicedb=localhost", "the port is missing: localhost:PORT"],
    ["spicedb=", "the port is missing: HOST:PORT"],
    ["spicedb=localhost:", 'a port is a number from 1 to 65535, not ""'],
    ["spicedb=localhost:0", 'a port is a number from 1 to 65535, not "0"'],
    ["spicedb=localhost:65536", 'a port is a number from 1 to 65535, not "65536"'],
    ["spicedb=localhost:grpc", 'a port is a number from 1 to 65535, not "grpc"'],
    ["spicedb=::1:50051", "an IPv6 address stands in brackets: [::1]:50051"],
    ["spicedb=[fe80::zz]:50051", '"fe80::zz" is no IPv6 address'],
    ["spicedb=:50051", '"" is no host'],
    [
      "openfga=http://localhost:8080",
      "an address is HOST:PORT without a scheme; the bench speaks without TLS, as its load generator does",
    ],
    ["spicedb=localhost:1,", "nothing stands behind the comma: leave it out where the peer asks for no token"],
  ])("refuses %s", (text, message) => {
    expect(() => parsePeer(text)).toThrow(new RangeError(`--peer ${text.replace(/,.*/, ",…")}: ${message}`));
  });

  it("keeps a token out of what it says", () => {
    expect(() => parsePeer("spicedb=localhost,hunter2")).toThrow("--peer spicedb=localhost,…: the port is missing");
  });
});

describe("what is compared with peers", () => {
  const peer = ["spicedb=localhost:50051,token"];

  it("is nothing where nobody is named", () => {
    expect(readPeerOrder({}, "quick")).toBeUndefined();
  });

  it("is what was asked for", () => {
    expect(readPeerOrder({ peer, "peer-tuples": "5_000", "peer-workloads": "wide,documents" }, "quick")).toMatchObject({
      tuples: 5_000,
      workloads: ["wide", "documents"],
      consistencies: ["minimize_latency"],
    });
    expect(readPeerOrder({ peer, "peer-consistent": true }, "normal")).toMatchObject({
      tuples: 100_000,
      workloads: ["documents", "code", "wide", "exclusion", "caveats"],
      consistencies: ["minimize_latency", "fully_consistent"],
    });
  });

  it.each([
    [{ "peer-tuples": "5000" }, "--peer-tuples needs a --peer"],
    [{ "peer-consistent": true }, "--peer-consistent needs a --peer"],
    [{ peer, "peer-tuples": "999" }, "--peer-tuples is a whole number from 1000 on, not 999"],
    [{ peer, "peer-workloads": "documents,docs" }, "--peer-workloads: there is no docs; there are "],
    [
      { peer: [...peer, "spicedb=localhost:50052"] },
      "--peer spicedb is named twice; one of each kind is compared with",
    ],
  ])("refuses %j", (values, message) => {
    expect(() => readPeerOrder(values, "quick")).toThrow(message);
  });
});
