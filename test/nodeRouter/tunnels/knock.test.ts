// A knock from the port of an old connection, against a machine that has forgotten that one. The other case takes a link that can be cut: `npm run bench -- tunnel`.
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isInTime, knock } from "../../../src/nodeRouter/tunnels/knock.ts";
import { freePort } from "../../support/ports.ts";
import { waitFor } from "../../support/wait.ts";

let server: Server;
let port = 0;
/** Ports of those who came, and who are still there. */
const came: (number | undefined)[] = [];
const there = new Set<Socket>();

beforeEach(async () => {
  came.length = 0;
  server = createServer((socket) => {
    came.push(socket.remotePort);
    there.add(
      socket
        .on("error", () => {})
        .on("close", () => there.delete(socket))
        .resume(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
});

afterEach(() => {
  for (const socket of there) socket.destroy();
  server.close();
});

describe("a knock", () => {
  test("comes from the port of the old connection, and leaves nothing open", async () => {
    const localPort = await freePort();
    knock({ host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort });
    await waitFor("it to come", () => came.length === 1);
    expect(came).toEqual([localPort]);
    await waitFor("it to be gone", () => there.size === 0);
  });

  test("does nothing to another connection that has the port by now, nor fails", async () => {
    const other = connect({ host: "127.0.0.1", port });
    await new Promise((resolve) => other.once("connect", resolve));
    await waitFor("it to be taken", () => came.length === 1);
    let isGone = false;
    other.once("close", () => {
      isGone = true;
    });
    knock({ host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort: other.localPort ?? 0 });
    const echo = connect({ host: "127.0.0.1", port });
    await waitFor("one that came later to be taken", () => came.length === 2);
    expect([isGone, came[0]]).toEqual([false, other.localPort]);
    echo.destroy();
    other.destroy();
  });
});

test("a knock is in time where the tunnel will be up a second after it, and not on a slow link", () => {
  expect([0, 280, 600].map(isInTime)).toEqual([true, true, true]);
  expect([601, 2_000].map(isInTime)).toEqual([false, false]);
});
