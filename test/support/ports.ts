// Free loopback ports, so that no run ever depends on a fixed number.
import { createServer } from "node:net";

/** The gateway also listens on its own port + 2 (browser control), so both must be free. */
const DERIVED = 2;

/**
 * Below what the system gives to outgoing connections (from 32768 on Linux, from 49152 on macOS): none of those takes the
 * port of a gateway that is down for a while, not even whoever tries to reach it.
 */
const FIRST = 20_000;
const LAST = 32_000;

const tryListen = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => void server.close(() => resolve()));
  });

/** Returns a loopback port that was free a moment ago, together with the gateway's derived one. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const isFree = await tryListen(port)
      .then(() => tryListen(port + DERIVED))
      .then(
        () => true,
        () => false,
      );
    if (isFree) return port;
  }
  throw new Error("no free loopback port found in 50 attempts");
}
