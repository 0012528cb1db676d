// Which connection leads to a peer, for as long as its settings stay as they are.
import { afterEach, describe, expect, test } from "vitest";
import type { ResolvedConfig } from "../../../../src/config/resolve.ts";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import type { PeerClient } from "../../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import {
  createPeerClients,
  type PeerClients,
} from "../../../../src/nodeRouter/delegation/carrier/peerClients.ts";
import { type RawPeer, resultReply, startRawPeer } from "../../../support/delegation/rawPeer.ts";
import { waitFor } from "../../../support/wait.ts";

const TOKEN = "t".repeat(40);
let clients: PeerClients | null = null;
let server: RawPeer | null = null;
let config: ResolvedConfig = resolveConfig({});

afterEach(async () => {
  clients?.close();
  await server?.stop();
});

async function start(entry: object): Promise<PeerClients> {
  server = await startRawPeer(({ socket, id }) => socket.write(resultReply(id)));
  configure(entry);
  clients = createPeerClients(() => config);
  return clients;
}

function configure(entry: object | null): void {
  const url = `http://127.0.0.1:${server?.port}`;
  const peers = entry === null ? {} : { "gw-b": { url, token: TOKEN, ...entry } };
  config = resolveConfig({ nodes: {}, peers });
}

function clientOf(of: PeerClients): PeerClient | null {
  const peer = config.peers.get("gw-b");
  if (peer === undefined) throw new Error("no such peer");
  return of.of(peer);
}

describe("the connection to a peer", () => {
  test.each<[string, object, (port: number) => string]>([
    ["of this plugin", {}, () => "/node-router/peer"],
    ["of plain A2A", { protocol: "a2a" }, () => "/a2a/v1"],
    ["of plain A2A at a path", { protocol: "a2a", at: "/rpc" }, () => "/rpc"],
  ])("%s asks its own path", async (_, { at = "", ...entry }: { at?: string }, path) => {
    const own = await start({});
    const port = server?.port ?? 0;
    configure({ url: `http://127.0.0.1:${port}${at}`, ...entry });
    expect((await clientOf(own)?.call("GetTask", {}, { timeoutMs: 40_000 }))?.is).toBe("result");
    expect(server?.requests[0]).toContain(`POST ${path(port)} HTTP/1.1`);
  });

  test("is one over reloads of a config that does not change it, and another one when its address changes", async () => {
    const own = await start({});
    const first = clientOf(own);
    configure({ tags: ["region=sg"] });
    expect(clientOf(own)).toBe(first);
    configure({ url: "http://127.0.0.1:9" });
    expect(clientOf(own)).not.toBe(first);
  });

  test("takes a new token without a new connection, and none where the reference is not resolved", async () => {
    const own = await start({});
    const client = clientOf(own);
    await client?.call("GetTask", {}, { timeoutMs: 40_000 });
    configure({ token: "n".repeat(40) });
    await client?.call("GetTask", {}, { timeoutMs: 40_000 });
    expect(server?.requests[1]?.toLowerCase()).toContain(`authorization: bearer ${"n".repeat(40)}`);
    expect(server?.connections()).toBe(1);
    configure({ token: { source: "env", provider: "default", id: "MISSING" } });
    const answer = await client?.call("GetTask", {}, { timeoutMs: 40_000 });
    expect(answer).toMatchObject({ is: "not-sent", why: { code: "SECRET_UNAVAILABLE" } });
    expect(server?.requests.length).toBe(2);
  });

  test("is none to a peer that only calls us, and ends with a peer that is gone from the config", async () => {
    const own = await start({});
    await clientOf(own)?.call("GetTask", {}, { timeoutMs: 40_000 });
    configure(null);
    own.tidy();
    await waitFor("the connection to be gone", () => server?.open.size === 0);
    config = resolveConfig({ nodes: {}, peers: { "gw-b": { accept: { token: TOKEN, agents: ["a"] } } } });
    expect(clientOf(own)).toBeNull();
  });
});
