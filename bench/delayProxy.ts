// A TCP proxy that keeps every byte back for a while: a far machine on this one. The TCP handshake is not delayed.
import { connect, createServer, type Socket } from "node:net";

export interface DelayProxy {
  readonly port: number;
  /** Connections that were made through it. */
  connections(): number;
  stop(): Promise<void>;
}

/**
 * @param oneWayMs half of the round-trip time.
 * @param host that it listens on.
 */
export async function startDelayProxy(
  targetPort: number,
  oneWayMs: number,
  host = "127.0.0.1",
): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((near) => {
    count += 1;
    const far = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    near.setNoDelay(true);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => later(oneWayMs, () => to.writable && to.write(chunk)));
      from.on("end", () => later(oneWayMs, () => to.end()));
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    connections: () => count,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Timers of one length fire in the order in which they were set, so the bytes keep theirs. */
function later(ms: number, work: () => void): void {
  if (ms === 0) work();
  else setTimeout(work, ms);
}
