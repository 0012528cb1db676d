// Free loopback ports, so that no run ever depends on a fixed number.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** The gateway also listens on its own port + 2 (browser control), so both must be free. */
const DERIVED = 2;
/**
 * Below the ports that systems give to whoever asks for any, and to connections that go out (Linux from 32768, others
 * from 49152): until it is listened on, one of those may be somebody else's.
 */
const [FIRST, SLICES, SLICE] = [20_000, 12, 1_000];
/** What vitest runs at the same time gives out ports of its own: a gateway listens seconds after it was given one. */
const slice = Number(process.env.VITEST_POOL_ID ?? randomInt(SLICES)) % SLICES;
let at = randomInt(SLICE);

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** Returns a loopback port that was free a moment ago, together with the gateway's derived one. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    at = (at + 2 * DERIVED) % SLICE;
    const port = FIRST + slice * SLICE + at;
    if ((await isFree(port)) && (await isFree(port + DERIVED))) return port;
  }
  throw new Error("no free loopback port found in 100 attempts");
}
