import net from "node:net";

/** Stands between a client and a server, and is the bad network between them. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Open connections, oldest first. */
  links(): readonly ProxyLink[];
  /** Ends connections at once, without a word (RST). */
  cut(where?: LinkFilter): void;
  /**
   * From now on nothing of these connections arrives, and nobody is told: a cable pulled, a host that hangs. Holds for
   * connections that are made later as well. Replaces an earlier freeze.
   */
  freeze(freeze?: Freeze): void;
  /** What was held back arrives now, however old it is. */
  thaw(): void;
  /** Everything takes this much longer, each way. */
  delay(ms: number): void;
  close(): Promise<void>;
}

export interface ProxyLink {
  /** Counts from 0. */
  readonly id: number;
  /** The client has sent this text (one of the proxy's `markers`) on this connection. */
  hasSent(marker: string): boolean;
}

export type LinkFilter = (link: ProxyLink) => boolean;

export interface Freeze {
  /** Asked again whenever the client sends something. Default: all. */
  readonly where?: LinkFilter;
  /** `up`: what the client sends does not arrive; `down`: the answers do not. Default: both. */
  readonly direction?: "up" | "down" | "both";
}

export interface TcpProxyOptions {
  /** A name or an address; of Postgres also the directory of its Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Texts to look for in what clients send. */
  readonly markers?: readonly string[];
}

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const links = new Set<Link>();
  let freeze: Freeze | undefined;
  let delayMs = 0;
  let nextId = 0;
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const link = new Link(nextId++, client, connect(options), options.markers ?? [], () => links.delete(link));
    links.add(link);
    link.onSent = () => link.obey(freeze);
    link.setDelay(delayMs);
    link.obey(freeze);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    for (const link of links) link.cut();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    links: () => [...links],
    cut(where = () => true) {
      for (const link of links) if (where(link)) link.cut();
    },
    freeze(wanted = {}) {
      freeze = wanted;
      for (const link of links) link.obey(freeze);
    },
    thaw() {
      freeze = undefined;
      for (const link of links) link.obey(freeze);
    },
    delay(ms) {
      delayMs = ms;
      for (const link of links) link.setDelay(ms);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connect({ host, port }: TcpProxyOptions): net.Socket {
  const allowHalfOpen = true;
  return host.startsWith("/")
    ? net.connect({ path: `${host}/.s.PGSQL.${port}`, allowHalfOpen })
    : net.connect({ host, port, allowHalfOpen });
}

class Link implements ProxyLink {
  readonly id: number;
  onSent: () => void = () => {};
  readonly #sockets: readonly [net.Socket, net.Socket];
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #markers: readonly string[];
  readonly #sent = new Set<string>();

  constructor(id: number, client: net.Socket, upstream: net.Socket, markers: readonly string[], onGone: () => void) {
    this.id = id;
    this.#sockets = [client, upstream];
    this.#markers = markers;
    this.#up = new Pipe(client, upstream, (chunk) => this.#note(chunk));
    this.#down = new Pipe(upstream, client, () => {});
    for (const socket of this.#sockets) {
      socket.setNoDelay(true);
      // A reset on one side is one on the other; while frozen it is news like any other, and does not get through.
      socket.on("error", () => this.#lost());
      socket.on("close", () => {
        if (this.#sockets.every(({ destroyed }) => destroyed)) onGone();
        else if (socket.errored !== null) this.#lost();
      });
    }
  }

  hasSent(marker: string): boolean {
    return this.#sent.has(marker);
  }

  obey(freeze: Freeze | undefined): void {
    const holds = freeze !== undefined && (freeze.where?.(this) ?? true);
    const direction = freeze?.direction ?? "both";
    this.#up.setFrozen(holds && direction !== "down");
    this.#down.setFrozen(holds && direction !== "up");
    if (!holds && this.#sockets.some(({ errored }) => errored !== null)) this.cut();
  }

  setDelay(ms: number): void {
    this.#up.delayMs = ms;
    this.#down.delayMs = ms;
  }

  cut(): void {
    const [client, upstream] = this.#sockets;
    client.resetAndDestroy();
    // Perhaps a Unix socket, which knows no reset.
    upstream.destroy();
  }

  #lost(): void {
    if (!this.#up.frozen && !this.#down.frozen) this.cut();
  }

  /** A marker that is split over two packets is missed; Postgres's clients send a statement's name in one. */
  #note(chunk: Buffer): void {
    for (const marker of this.#markers) if (chunk.includes(marker)) this.#sent.add(marker);
    this.onSent();
  }
}

type Parcel = { readonly dueAtMs: number; readonly chunk: Buffer | "end" };

/** One direction of a connection: passes bytes on in order, later or not at all. */
class Pipe {
  delayMs = 0;
  frozen = false;
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #parcels: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket, note: (chunk: Buffer) => void) {
    this.#from = from;
    this.#to = to;
    from.on("data", (chunk: Buffer) => {
      note(chunk);
      this.#take(chunk);
    });
    from.on("end", () => this.#take("end"));
    to.on("drain", () => this.#flow());
  }

  setFrozen(frozen: boolean): void {
    this.frozen = frozen;
    this.#flow();
    this.#deliver();
  }

  #flow(): void {
    if (this.frozen || this.#to.writableNeedDrain) this.#from.pause();
    else this.#from.resume();
  }

  #take(chunk: Buffer | "end"): void {
    const dueAtMs = Math.max(performance.now() + this.delayMs, this.#parcels.at(-1)?.dueAtMs ?? 0);
    this.#parcels.push({ dueAtMs, chunk });
    this.#deliver();
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    for (let next = this.#parcels[0]; next !== undefined && !this.frozen; next = this.#parcels[0]) {
      const waitMs = next.dueAtMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), waitMs);
        return;
      }
      this.#parcels.shift();
      if (this.#to.destroyed) continue;
      if (next.chunk === "end") this.#to.end();
      else if (!this.#to.write(next.chunk)) this.#flow();
    }
  }
}
