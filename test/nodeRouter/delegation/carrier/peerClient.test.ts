// What a call to a peer comes to, by whatever its server does: done, refused, proven not sent, or nobody knows.
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  createPeerClient,
  MAX_ANSWER_BYTES,
  type PeerAnswer,
  type PeerClient,
} from "../../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import { urlRoad } from "../../../../src/nodeRouter/delegation/carrier/urlRoad.ts";
import { refusal, refusalText } from "../../../../src/shared/refusal.ts";
import {
  httpReply,
  type RawPeer,
  type RawRequest,
  resultReply,
  startRawPeer,
} from "../../../support/delegation/rawPeer.ts";
import { freePort } from "../../../support/ports.ts";
import { waitFor } from "../../../support/wait.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";
/** For what does not wait for it. */
const AMPLE_MS = 40_000;
const peers: RawPeer[] = [];
const clients: PeerClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(peers.splice(0).map((peer) => peer.stop()));
});

async function startPeer(...given: Parameters<typeof startRawPeer>): Promise<RawPeer> {
  const peer = await startRawPeer(...given);
  peers.push(peer);
  return peer;
}

function clientOf(port: number, url = `http://127.0.0.1:${port}`): PeerClient {
  const road = urlRoad("gw-sg", new URL(url));
  const client = createPeerClient({ peer: "gw-sg", road, path: "/node-router/peer", token: () => TOKEN });
  clients.push(client);
  return client;
}

async function answerTo(reply: (request: RawRequest) => void, timeoutMs = AMPLE_MS): Promise<PeerAnswer> {
  const { port } = await startPeer(reply);
  return clientOf(port).call("SendMessage", { a: 1 }, { timeoutMs });
}

const send =
  (text: (id: string) => string) =>
  ({ socket, id }: RawRequest): void =>
    void socket.write(text(id));

describe("a call", () => {
  test("that is answered gives the result, and the next ones go over the same connection", async () => {
    const peer = await startPeer(send((id) => resultReply(id)));
    const client = clientOf(peer.port);
    for (let count = 0; count < 3; count += 1) {
      expect(await client.call("GetTask", { id: "x" }, { timeoutMs: AMPLE_MS })).toMatchObject({
        is: "result",
        result: { done: true },
      });
    }
    expect(peer.connections()).toBe(1);
    expect(peer.requests[0]).toContain("POST /node-router/peer HTTP/1.1");
    expect(peer.requests[0]?.toLowerCase()).toContain(`authorization: bearer ${TOKEN}`);
    expect(peer.requests[0]?.split("\r\n\r\n")[1]).not.toContain(TOKEN);
  });

  test("that is answered with a JSON-RPC error is rejected, with the reason, whatever HTTP's status is", async () => {
    const body = (id: string) =>
      `{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":"2 run","data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"FULL","domain":"node-router"}]}}`;
    const rejected = { is: "rejected", rpcCode: -32_000, reason: "FULL", message: "2 run" };
    expect(await answerTo(send((id) => httpReply(body(id))))).toEqual(rejected);
    expect(await answerTo(send((id) => httpReply(body(id), "HTTP/1.1 400 Bad Request")))).toEqual(rejected);
  });

  test.each([
    ["401 Unauthorized", "", { status: 401, retryAfterMs: null }],
    ["404 Not Found", "", { status: 404, retryAfterMs: null }],
    ["503 Service Unavailable", "\r\nRetry-After: 7", { status: 503, retryAfterMs: 7_000 }],
    ["503 Service Unavailable", "\r\nA2A-Version: 1.0", { status: 503, retryAfterMs: null, isItsOwn: true }],
    ["429 Too Many", "\r\nRetry-After: 999999999", { status: 429, retryAfterMs: 3_600_000 }],
    ["500 Oops", "\r\nRetry-After: Tue", { status: 500, retryAfterMs: null }],
  ])("that is answered %s gives the status", async (status, head, expected) => {
    const answer = await answerTo(send(() => httpReply('{"error":"no"}', `HTTP/1.1 ${status}${head}`)));
    expect(answer).toEqual({ is: "status", ...expected });
  });

  test("never follows a redirect: the token goes to nobody else", async () => {
    const other = await startPeer(send((id) => resultReply(id)));
    const to = `HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:${other.port}/`;
    expect(await answerTo(send(() => httpReply("", to)))).toMatchObject({ is: "status", status: 307 });
    expect(other.connections()).toBe(0);
  });
});

describe("a call that was not answered", () => {
  test("is not sent where nobody listens, and the words hold no token", async () => {
    const answer = await clientOf(await freePort()).call("SendMessage", {}, { timeoutMs: AMPLE_MS });
    if (answer.is !== "not-sent") throw new Error(answer.is);
    expect(refusalText(answer.why)).toMatch(
      /^PEER_UNREACHABLE: peer "gw-sg" cannot be reached at "127\.0\.0\.1:\d+": ECONNREFUSED/,
    );
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
  });

  test("is not sent where the server takes no connection before the time is over", async () => {
    // TLS against a server that says nothing: the connection is never there.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const sockets: { destroy(): unknown }[] = [];
    silent.on("connection", (socket) => sockets.push(socket));
    const client = clientOf(port, `https://127.0.0.1:${port}`);
    expect(await client.call("SendMessage", {}, { timeoutMs: 200 })).toMatchObject({ is: "not-sent" });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  test.each([
    "http://192.0.2.7:18789",
    "http://gateway.example.com",
    "ftp://127.0.0.1",
    "http://100.128.0.1",
  ])("is not sent to %s, where others could read the token", async (url) => {
    const answer = await clientOf(0, url).call("SendMessage", {}, { timeoutMs: AMPLE_MS });
    expect(answer).toMatchObject({ is: "not-sent" });
    expect(JSON.stringify(answer)).toContain("others could read its token");
  });

  test("is not sent without a token", async () => {
    const peer = await startPeer(send((id) => resultReply(id)));
    const why = refusal("SECRET_UNAVAILABLE", "no secret");
    const road = urlRoad("gw-sg", new URL(`http://127.0.0.1:${peer.port}`));
    const client = createPeerClient({ peer: "gw-sg", road, path: "/", token: () => why });
    expect(await client.call("SendMessage", {}, { timeoutMs: 500 })).toEqual({ is: "not-sent", why });
    expect(peer.connections()).toBe(0);
  });

  test("may have arrived wherever in the request the connection is cut, and is sent once", async () => {
    let cutAt = 0;
    let whole = 0;
    const peer = await startPeer(
      () => {
        whole += 1;
      },
      (bytes, socket) => {
        if (bytes >= cutAt) socket.resetAndDestroy();
      },
    );
    const client = clientOf(peer.port);
    for (let at = 1; at <= 700; at += at < 20 ? 1 : 13) {
      cutAt = at;
      const before = peer.connections();
      // What is whole before it would be cut is waited for.
      const answer = await client.call("SendMessage", { text: "x".repeat(300) }, { timeoutMs: 5_000 });
      expect(answer.is, `cut at ${at}`).toBe("no-answer");
      expect(peer.connections() - before, `cut at ${at}: it is not sent again`).toBe(1);
    }
    expect(whole).toBeGreaterThan(0);
  });

  test("may have arrived wherever in the answer the connection is cut", async () => {
    let cutAt = 0;
    const length = resultReply('"1"').length;
    const peer = await startPeer(({ socket, id }) => socket.end(resultReply(id).slice(0, cutAt)));
    for (cutAt = 0; cutAt < length; cutAt += 3) {
      const answer = await clientOf(peer.port).call("SendMessage", {}, { timeoutMs: AMPLE_MS });
      expect(answer.is, `cut at ${cutAt} of ${length}`).toBe("no-answer");
    }
    cutAt = length;
    expect(await clientOf(peer.port).call("SendMessage", {}, { timeoutMs: AMPLE_MS })).toMatchObject({
      is: "result",
    });
  });

  test.each<[string, (id: string) => string]>([
    ["no JSON", () => httpReply("<html>")],
    ["another request's id", () => resultReply('"77"')],
    ["neither result nor error", (id) => httpReply(`{"jsonrpc":"2.0","id":${id}}`)],
    ["deep JSON", (id) => httpReply(`{"jsonrpc":"2.0","id":${id},"result":${"[".repeat(9_999)}`)],
    ["no HTTP", () => "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    [
      "another protocol",
      () => "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ],
  ])("may have arrived where the answer is %s", async (_, reply) => {
    expect((await answerTo(send(reply))).is).toBe("no-answer");
  });

  test("is given up where the answer never ends, and the connection with it", async () => {
    const peer = await startPeer(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const part = `10000\r\n${"x".repeat(65_536)}\r\n`;
      const more = (): void => {
        while (!socket.destroyed && socket.write(part)) {}
      };
      socket.on("drain", more);
      more();
    });
    const answer = await clientOf(peer.port).call("GetTask", {}, { timeoutMs: AMPLE_MS });
    expect(answer).toMatchObject({ is: "no-answer" });
    expect(JSON.stringify(answer)).toContain(`longer than ${MAX_ANSWER_BYTES / 1_048_576} MiB`);
    await waitFor("the connection to be gone", () => peer.open.size === 0);
  });

  test("is given up in time where the answer drips, and the connection with it", async () => {
    const timers: NodeJS.Timeout[] = [];
    let drips = false;
    const peer = await startPeer(({ socket, id }) => {
      if (!drips) return void socket.write(resultReply(id));
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      timers.push(setInterval(() => socket.write("x"), 20));
    });
    const client = clientOf(peer.port);
    // So that the short time is the answer's, and not the connection's.
    await client.call("GetTask", {}, { timeoutMs: AMPLE_MS });
    drips = true;
    const answer = await client.call("GetTask", {}, { timeoutMs: 300 });
    for (const timer of timers) clearInterval(timer);
    expect(answer).toMatchObject({ is: "no-answer" });
    expect(JSON.stringify(answer)).toContain("did not answer GetTask within 300 ms");
    await waitFor("the connection to be gone", () => peer.open.size === 0);
  });

  test("ends when its signal says so, and when the client is closed", async () => {
    const peer = await startPeer(() => {});
    const client = clientOf(peer.port);
    const abort = new AbortController();
    const aborted = client.call("GetTask", {}, { timeoutMs: 60_000, signal: abort.signal });
    const closed = client.call("GetTask", {}, { timeoutMs: 60_000 });
    await waitFor("both to arrive", () => peer.requests.length === 2);
    abort.abort();
    expect(await aborted).toMatchObject({ is: "no-answer" });
    client.close();
    expect(await closed).toMatchObject({ is: "no-answer" });
    await waitFor("the connections to be gone", () => peer.open.size === 0);
  });
});
