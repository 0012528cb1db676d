// Who has an invitation's secret in place of a token: it may join, and do nothing else.
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { createPeerDoor } from "../../../../src/nodeRouter/delegation/inbox/peerDoor.ts";
import { createPeerRoute } from "../../../../src/nodeRouter/delegation/inbox/peerRoute.ts";

const SECRET = `nri_${"s".repeat(43)}`;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function arrange() {
  const looked: string[] = [];
  const joined: unknown[] = [];
  const config = resolveConfig({
    peers: { "gw-a": { accept: { token: "t".repeat(40), agents: ["worker-sg"] } } },
  });
  const handler = createPeerRoute({
    door: createPeerDoor({
      config: () => config,
      isMachineAt: async () => false,
      isInvite: async (secret) => {
        looked.push(secret);
        return secret === SECRET;
      },
      now: () => 0,
    }),
    answer: async () => ({ result: "answered" }),
    join: async (secret, params) => {
      joined.push([secret, params]);
      return { result: "joined" };
    },
    maxTaskBytes: () => 1_024,
    log: { warn: () => {} },
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
  const ask = async (token: string, method: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/node-router/peer`, {
      method: "POST",
      headers: { "content-type": "application/json", "a2a-version": "1.0", authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { some: 1 } }),
    });
    return { status: answer.status, body: await answer.text() };
  };
  return { ask, looked, joined };
}

test("it joins by its secret", async () => {
  const { ask, joined } = await arrange();
  const { status, body } = await ask(SECRET, "node-router/Join");
  expect([status, JSON.parse(body).result, joined]).toEqual([200, "joined", [[SECRET, { some: 1 }]]]);
});

test.each(["GetExtendedAgentCard", "SendMessage", "node-router/FindTask"])(
  "it may not ask %s",
  async (method) => {
    const { ask, joined } = await arrange();
    const { body } = await ask(SECRET, method);
    expect([JSON.parse(body).error.code, joined]).toEqual([-32_601, []]);
  },
);

test("a peer's token does not join: it is one already", async () => {
  const { ask, joined, looked } = await arrange();
  const { body } = await ask("t".repeat(40), "node-router/Join");
  expect([JSON.parse(body).error.code, joined, looked]).toEqual([-32_601, [], []]);
});

test("secrets that nobody has are 401, and 429 after ten of them; other tokens are not looked up at all", async () => {
  const { ask, looked } = await arrange();
  const tries = await Promise.all(
    Array.from({ length: 12 }, (_, at) => ask(`nri_${at}`, "node-router/Join")),
  );
  expect(tries.filter(({ status }) => status === 401)).toHaveLength(10);
  expect(tries.filter(({ status }) => status === 429)).toHaveLength(2);
  expect((await ask("x".repeat(47), "node-router/Join")).status).toBe(429);
  expect(looked).toHaveLength(12);
  // Whoever has a right one is not kept out by who has not.
  expect((await ask(SECRET, "node-router/Join")).status).toBe(200);
});
