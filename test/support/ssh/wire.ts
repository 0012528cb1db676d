// The wire in front of a test server: a loopback port that can delay, freeze, cut or misbehave.
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What a connection meets. `close`: it is closed at once. `silent`: nothing ever answers. `garbage`: something that
 * is not SSH. `greeting`: an SSH greeting, then it is closed.
 */
export type Misbehaviour = "close" | "silent" | "garbage" | "greeting";

export interface Wire {
  readonly port: number;
  /** Open connections. */
  count(): number;
  /** From now on nothing passes in either direction, and nothing is closed: a black hole. */
  freeze(): void;
  /** The same, once so many bytes more have come from the target: in the middle of what it sends. */
  freezeAfter(bytes: number): void;
  isFrozen(): boolean;
  /** New connections pass again. Those of before do not: what was lost of them nobody sends again. */
  thaw(): void;
  /** Resets every open connection. */
  cut(): void;
  /** From now on what comes for the target is kept back, and whoever sent it is cut off soon after; `thaw` ends it. */
  hold(): void;
  /** The same, once something with this text comes: with that, so that nothing of before shows that anything is wrong. */
  holdFrom(text: string): void;
  /** What was kept back arrives now, each connection's on one of its own. */
  letGo(): void;
  /** Every chunk takes so many ms from now on, in each direction, and none overtakes another. */
  slow(ms: number): void;
  stop(): Promise<void>;
}

export interface WireOptions {
  /** Loopback port to pass on to. */
  readonly target: number;
  /** Milliseconds that every chunk takes in each direction. */
  readonly delayMs: number;
  readonly misbehaviour: Misbehaviour | null;
}

export async function startWire(options: WireOptions): Promise<Wire> {
  const sockets = new Set<Socket>();
  /** What lived in a freeze. */
  const dead = new WeakSet<Socket>();
  let isFrozen = false;
  let isHolding = false;
  let holdsFrom: string | null = null;
  /** By the connection that it came on. */
  const held = new Map<Socket, Buffer[]>();
  let { delayMs } = options;
  /** Bytes from the target until it freezes. */
  let left = Number.POSITIVE_INFINITY;
  const freeze = (): void => {
    isFrozen = true;
    left = Number.POSITIVE_INFINITY;
    for (const socket of sockets) dead.add(socket);
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    if (isFrozen) dead.add(socket);
  };
  let count = 0;
  const server = createServer({ noDelay: true }, (near) => {
    keep(near);
    count += 1;
    near.once("close", () => {
      count -= 1;
    });
    if (options.misbehaviour !== null) {
      misbehave(near, options.misbehaviour);
      return;
    }
    const far = toTarget();
    pass(near, far, (chunk) => {
      if (holdsFrom !== null && chunk.includes(holdsFrom)) {
        isHolding = true;
        holdsFrom = null;
      }
      const of = held.get(near);
      if (of === undefined && !isHolding) return false;
      held.set(near, [...(of ?? []), chunk]);
      // The rest of a request comes with it.
      if (of === undefined) setTimeout(() => near.resetAndDestroy(), 100);
      return true;
    });
    pass(far, near);
    far.on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left <= 0) freeze();
    });
  });

  const toTarget = (): Socket => {
    const far = connect({ host: "127.0.0.1", port: options.target, noDelay: true });
    keep(far);
    return far;
  };
  const pass = (from: Socket, to: Socket, isHeld: (chunk: Buffer) => boolean = () => false) => {
    const isDead = () => dead.has(from) || dead.has(to);
    const later = inOrder(() => delayMs);
    from.on("data", (chunk: Buffer) => {
      if (isDead() || isHeld(chunk)) return;
      later(() => {
        if (isDead() || to.destroyed) return;
        if (!to.write(chunk)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    });
    from.once("end", () => later(() => isDead() || to.end()));
    from.once("close", (hadError) =>
      later(() => isDead() || (hadError ? to.resetAndDestroy() : to.destroySoon())),
    );
  };

  await listen(server);
  return {
    port: portOf(server),
    count: () => count,
    freeze,
    isFrozen: () => isFrozen,
    freezeAfter(bytes) {
      left = bytes;
    },
    thaw: () => {
      isFrozen = false;
      isHolding = false;
      holdsFrom = null;
    },
    hold: () => {
      isHolding = true;
    },
    holdFrom: (text) => {
      holdsFrom = text;
    },
    letGo() {
      for (const chunks of held.values()) toTarget().resume().write(Buffer.concat(chunks));
      held.clear();
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    slow: (ms) => {
      delayMs = ms;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Runs each piece of work after the delay of its moment, and never before one that came earlier. */
function inOrder(delayMs: () => number): (work: () => void) => void {
  const waiting: { readonly atMs: number; readonly work: () => void }[] = [];
  const next = () => {
    const [first] = waiting;
    if (first === undefined) return;
    setTimeout(
      () => {
        waiting.shift();
        first.work();
        next();
      },
      Math.max(0, first.atMs - performance.now()),
    );
  };
  return (work) => {
    const ms = delayMs();
    if (ms === 0 && waiting.length === 0) return work();
    waiting.push({ atMs: performance.now() + ms, work });
    if (waiting.length === 1) next();
  };
}

export function portOf(server: Pick<Server, "address">): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server does not listen");
  return address.port;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

function misbehave(socket: Socket, how: Misbehaviour): void {
  socket.resume();
  if (how === "close") socket.destroy();
  if (how === "garbage") socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  if (how === "greeting") socket.end("SSH-2.0-OpenSSH_9.9\r\n");
}
