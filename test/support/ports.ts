// Free loopback ports, so that no run ever depends on a fixed number.
import { createServer } from "node:net";

/** The gateway also listens on its own port + 2 (browser control), so both must be free. */
const DERIVED = 2;

const tryListen = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const bound = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(bound));
    });
  });

/** Returns a loopback port that was free a moment ago, together with the gateway's derived one. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const port = await tryListen(0);
    const derivedIsFree = await tryListen(port + DERIVED).then(
      () => true,
      () => false,
    );
    if (derivedIsFree) return port;
  }
  throw new Error("no free loopback port found in 20 attempts");
}
