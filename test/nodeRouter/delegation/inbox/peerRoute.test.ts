// Who may ask, how often and how much: the door and the route, over a real socket.
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createPeerDoor } from "../../../../src/nodeRouter/delegation/inbox/peerDoor.ts";
import { createPeerRoute } from "../../../../src/nodeRouter/delegation/inbox/peerRoute.ts";
import { tailnetAddresses } from "../../../../src/nodeRouter/delegation/inbox/tailnetAddress.ts";
import type { PeerRequest } from "../../../../src/nodeRouter/delegation/protocol/peerRequest.ts";
import { EXTENSION } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";
import type { TailnetReader } from "../../../../src/presence/sources/tailscale/reader.ts";
import { inboxConfig, TOKEN } from "../../../support/delegation/inboxWorld.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function route(
  options: {
    accept?: object;
    answer?: (peer: string, request: PeerRequest) => Promise<{ result: unknown }>;
    isMachineAt?: () => Promise<boolean>;
    bodyMs?: number;
  } = {},
) {
  const clock = { ms: 1_000_000 };
  const config = inboxConfig(options.accept);
  const served: string[] = [];
  const handler = createPeerRoute({
    door: createPeerDoor({
      config: () => config,
      isMachineAt: options.isMachineAt ?? (async () => false),
      now: () => clock.ms,
    }),
    answer:
      options.answer ??
      (async (peer, { ask }) => {
        served.push(`${peer} ${ask}`);
        return { result: { ask } };
      }),
    maxTaskBytes: () => 1_024,
    log: { warn: () => {} },
    ...(options.bodyMs === undefined ? {} : { bodyMs: options.bodyMs }),
  });
  const server = createServer((request, response) => void handler(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/node-router/peer`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "a2a-version": "1.0",
        authorization: `Bearer ${TOKEN}`,
        ...headers,
      },
      body,
    });
  return { port, post, clock, served };
}

const rpc = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const CARD = rpc("GetExtendedAgentCard");
const SEND = rpc("SendMessage", {
  message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "hello" }] },
});

describe("the route", () => {
  test("answers a peer by its token, and says that it used the extension only to whoever knows it", async () => {
    const { post, served } = await route();
    const plain = await post(CARD);
    expect([plain.status, await plain.json(), plain.headers.get("a2a-extensions")]).toEqual([
      200,
      { jsonrpc: "2.0", id: 1, result: { ask: "card" } },
      null,
    ]);
    const used = await post(CARD, { "a2a-extensions": EXTENSION, authorization: `Bearer ${"c".repeat(40)}` });
    expect(used.headers.get("a2a-extensions")).toBe(EXTENSION);
    expect(served).toEqual(["gw-a card", "gw-c card"]);
  });

  test.each<[string, Record<string, string>, number]>([
    ["no token", { authorization: "" }, 401],
    ["a token of nobody", { authorization: `Bearer ${TOKEN}x` }, 401],
    ["a token in another scheme", { authorization: `Basic ${TOKEN}` }, 401],
    ["an origin", { origin: "http://localhost" }, 403],
    ["a referer", { referer: "http://localhost/" }, 403],
    ["a form", { "content-type": "text/plain" }, 415],
    ["a compressed body", { "content-encoding": "gzip" }, 415],
  ])("refuses %s, and asks nobody", async (_what, headers, status) => {
    const { post, served } = await route();
    const response = await post(CARD, headers);
    expect([response.status, served]).toEqual([status, []]);
    expect(await response.text()).not.toContain(TOKEN);
  });

  test("refuses other methods", async () => {
    const { port } = await route();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(405);
  });

  test("reads a task's bytes and no more, announced or not", async () => {
    const { post, port } = await route();
    const most = 6 * 1_024 + 16 * 1_024;
    expect((await post(CARD.padEnd(most))).status).toBe(200);
    expect((await post(CARD.padEnd(most + 1))).status).toBe(413);
    const chunked = httpRequest({
      port,
      host: "127.0.0.1",
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    });
    chunked.on("error", () => {});
    chunked.write("x".repeat(most));
    chunked.write("x".repeat(most));
    const [response] = (await once(chunked, "response")) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    chunked.destroy();
  });

  test.each(["close", "keep-alive"])(
    "is heard by whoever sends a body of 5 MB, with connection: %s",
    async (connection) => {
      const { port } = await route();
      const answers = Array.from({ length: 10 }, async () => {
        const asked = httpRequest({
          port,
          host: "127.0.0.1",
          method: "POST",
          headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", connection },
        });
        asked.end("x".repeat(5_000_000));
        const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
        response.resume();
        await once(asked, "close");
        return response.statusCode;
      });
      expect(await Promise.all(answers)).toEqual(answers.map(() => 413));
    },
  );

  test("does not wait for a body that does not come, and forgets one that breaks off", async () => {
    const { port, served } = await route({ bodyMs: 30 });
    const head = `POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`;
    const slow = connect(port, "127.0.0.1");
    slow.write(head);
    const [answer] = (await once(slow, "data")) as [Buffer];
    expect(answer.toString()).toContain("408");
    slow.destroy();
    const broken = connect(port, "127.0.0.1");
    broken.resume().end(head);
    await once(broken, "close").catch(() => {});
    expect(served).toEqual([]);
  });

  test("speaks A2A 1.0 alone: no version means 0.3, as the spec has it", async () => {
    const { post, port } = await route();
    const error = async (version: string) =>
      ((await (await post(CARD, { "a2a-version": version })).json()) as { error?: { code: number } }).error
        ?.code;
    expect([
      await error("1.0"),
      await error("1.0.3"),
      await error("0.3"),
      await error("2.0"),
      await error(""),
    ]).toEqual([undefined, undefined, -32_009, -32_009, -32_009]);
    const inUrl = await fetch(`http://127.0.0.1:${port}/?A2A-Version=1.0`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: CARD,
    });
    expect(await inUrl.json()).toHaveProperty("result");
  });

  test("refuses a body that is no UTF-8 as no JSON", async () => {
    const { port } = await route();
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", "a2a-version": "1.0" },
      body: Buffer.concat([Buffer.from(CARD.slice(0, -1)), Buffer.from([0xff])]),
    });
    expect(await response.json()).toMatchObject({ error: { code: -32_700 } });
  });

  test("says 500 where nobody knows, never that it was refused", async () => {
    const { post } = await route({ answer: () => Promise.reject(new Error("disk")) });
    const response = await post(SEND);
    expect([response.status, await response.text()]).toEqual([
      500,
      '{"error":"the gateway does not know what became of it"}',
    ]);
  });
});

describe("the door", () => {
  test("lets nobody try tokens without end, and keeps nobody out who has one", async () => {
    const { post, clock } = await route();
    const wrong = () => post(CARD, { authorization: "Bearer wrong" });
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await wrong()).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect((await wrong()).headers.get("retry-after")).toBe("60");
    expect((await post(CARD)).status).toBe(200);
    clock.ms += 60_000;
    expect((await wrong()).status).toBe(401);
  });

  test("counts the tasks of a minute, not its questions", async () => {
    const { post, clock, served } = await route({ accept: { perMinute: 2 } });
    expect([(await post(SEND)).status, (await post(SEND)).status, (await post(SEND)).status]).toEqual([
      200, 200, 429,
    ]);
    expect((await post(CARD)).status).toBe(200);
    expect(served).toEqual(["gw-a send", "gw-a send", "gw-a card"]);
    clock.ms += 60_000;
    expect((await post(SEND)).status).toBe(200);
  });

  test("of a peer with a tailnet machine lets in that machine alone", async () => {
    const accept = { tailscale: "mac-cn" };
    expect((await (await route({ accept })).post(CARD)).status).toBe(403);
    expect((await (await route({ accept, isMachineAt: async () => true })).post(CARD)).status).toBe(200);
  });

  test("takes a reference that was not resolved for no token", async () => {
    const { post } = await route({ accept: { token: { source: "env", provider: "default", id: "X" } } });
    expect((await post(CARD)).status).toBe(401);
    expect((await post(CARD, { authorization: "Bearer [object Object]" })).status).toBe(401);
  });
});

describe("the machine at a tailnet address", () => {
  const reader = (dnsName: string, hostName = "x"): Pick<TailnetReader, "status"> => ({
    async status(wants) {
      const names = { dnsName, hostName, addresses: ["100.64.0.2"] };
      const peers = wants(names) ? [{ names }] : [];
      return { kind: "status", status: { peers } } as unknown as Awaited<ReturnType<TailnetReader["status"]>>;
    },
  });

  test("is what the tailnet calls it, whole or its first part, never what it calls itself", async () => {
    const is = tailnetAddresses(() => 0, reader("mac-cn.tail1.ts.net", "mac-sg"));
    expect(await is("mac-cn", "100.64.0.2")).toBe(true);
    expect(await is("Mac-CN.tail1.ts.net.", "::ffff:100.64.0.2")).toBe(true);
    expect(await is("mac-sg", "100.64.0.2")).toBe(false);
    expect(await is("mac", "100.64.0.2")).toBe(false);
    expect(await is("mac-cn", "100.64.0.3")).toBe(false);
    expect(await is("mac-cn", "127.0.0.1")).toBe(false);
  });

  test("is nobody's where Tailscale does not answer", async () => {
    const is = tailnetAddresses(() => 0, { status: async () => ({ kind: "absent", reason: "none" }) });
    expect(await is("mac-cn", "100.64.0.2")).toBe(false);
  });
});
