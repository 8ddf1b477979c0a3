/** What the load generator asks, whoever answers: relata, an empty method, a peer. All of it can be sent to another process. */
export interface LoadTarget {
  /** gRPC over HTTP/2 without TLS, or JSON over HTTP/1.1 with connections kept alive. */
  readonly protocol: "grpc" | "json";
  readonly host: string;
  readonly port: number;
  /** Asked in turn, around and around. */
  readonly requests: readonly LoadRequest[];
}

export interface LoadRequest {
  /** Such as `/relata.v1.AuthorizationService/Check`. */
  readonly path: string;
  /** Beyond those that the protocol asks for, in lower case; requests that share them share the array. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of gRPC without its prefix of five bytes. */
  readonly body: Uint8Array;
  readonly answer: RightAnswer;
}

/** How the right answer is told from others without decoding it whole. */
export type RightAnswer =
  /** The (first) message begins or ends with these bytes. */
  | { readonly kind: "prefix" | "suffix"; readonly bytes: Uint8Array }
  /** A field at the top of a message of gRPC, with a value below 2^31, wherever it stands; 0 where it is left out. */
  | { readonly kind: "varint"; readonly field: number; readonly value: number }
  /** A field at the top of a JSON object. */
  | { readonly kind: "field"; readonly name: string; readonly value: string | boolean }
  /** So many results in a stream of messages, at least one: a failed call has none. */
  | { readonly kind: "messages"; readonly count: number };
