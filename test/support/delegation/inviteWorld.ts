// Two gateways on one machine that invite and join each other: real files and a real route, and an sshd that is a function.
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ResolvedConfig, resolveConfig } from "../../../src/config/resolve.ts";
import { createPeerDoor } from "../../../src/nodeRouter/delegation/inbox/peerDoor.ts";
import { createPeerRoute } from "../../../src/nodeRouter/delegation/inbox/peerRoute.ts";
import { acceptJoin } from "../../../src/nodeRouter/delegation/invite/acceptJoin.ts";
import { inviteBook } from "../../../src/nodeRouter/delegation/invite/inviteBook.ts";
import { section } from "../../../src/nodeRouter/host/hostConfig.ts";
import type { InviteNeeds, InviteWishes } from "../../../src/nodeRouter/setup/peers/invitePlan.ts";
import { joinPeer, lookAtJoin } from "../../../src/nodeRouter/setup/peers/joinPeer.ts";
import type { JoinNeeds, JoinPeerWishes } from "../../../src/nodeRouter/setup/peers/joinPlan.ts";
import { lookAtInvite, makeInvite, takeInviteBack } from "../../../src/nodeRouter/setup/peers/makeInvite.ts";
import { refusal } from "../../../src/shared/refusal.ts";

export const HOST_KEY = `SHA256:${"K".repeat(43)}`;
const ID = { a: "gw-00000000-0000-4000-8000-00000000000a", b: "gw-00000000-0000-4000-8000-00000000000b" };

/** One gateway: its config file, its state and its user's home. */
function makeGateway(id: string, config: object) {
  const folder = mkdtempSync(join(tmpdir(), "node-router-peers-"));
  const file = { plugins: { entries: { "node-router": { config } } } };
  const written = () => section(file, "plugins", "entries", "node-router", "config");
  return {
    folder,
    written,
    keys: () => {
      const path = join(folder, ".ssh", "authorized_keys");
      return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
    },
    common: {
      config: (): ResolvedConfig => resolveConfig(written()),
      written,
      agents: () => ["master", "worker-sg"],
      changeConfig: async (change: (draft: unknown) => void) => change(file),
      stateFolder: folder,
      gateway: id,
    },
  };
}

/** A asks, B invites. What a test changes in `world` counts from then on. */
export async function inviteWorld(configs: { readonly a?: object; readonly b?: object } = {}) {
  const a = makeGateway(ID.a, configs.a ?? { nodes: {} });
  const b = makeGateway(ID.b, { gatewayName: "singapore", ...configs.b });
  const world = {
    nowMs: Date.UTC(2026, 10, 30),
    /** Hosts that answer. */
    hosts: ["mac-sg"],
    /** So many answers of B are lost on their way. */
    lost: 0,
    tryKey: null as Awaited<ReturnType<InviteNeeds["tryKey"]>>,
    failWrite: false,
    asked: 0,
  };
  const now = () => world.nowMs;
  const book = inviteBook(b.folder, now);
  const joining = { book, home: b.folder, config: b.common.config, gateway: ID.b };
  const route = createPeerRoute({
    door: createPeerDoor({
      config: b.common.config,
      isMachineAt: async () => false,
      isInvite: async (secret) => (await book.find(secret)) !== null,
      now,
    }),
    answer: async () => ({ result: {} }),
    join: (secret, params) => acceptJoin(joining, secret, params),
    maxTaskBytes: () => 1_024,
    log: { warn: () => {} },
  });
  const server = createServer((request, response) => {
    world.asked += 1;
    if (world.lost > 0) {
      world.lost -= 1;
      response.writeHead = () => response;
      response.end = () => {
        request.socket.destroy();
        return response;
      };
    }
    void route(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const inviteNeeds: InviteNeeds = {
    ...b.common,
    changeConfig: async (change) => {
      if (world.failWrite) throw new Error("EROFS: read-only file system");
      await b.common.changeConfig(change);
    },
    home: b.folder,
    user: "claw",
    door: { ok: true, port: 18_789 },
    ownHosts: async () => ["away-sg", "mac-sg"],
    usualSshPort: 22,
    hostKey: async () => HOST_KEY,
    tryKey: async () => world.tryKey,
    now,
  };
  const joinNeeds: JoinNeeds = {
    ...a.common,
    roadTo: (peer, node) => ({
      host: "127.0.0.1",
      async open() {
        const host = node?.ssh?.host ?? "url";
        if (host !== "url" && !world.hosts.includes(host))
          return { ok: false, why: refusal("PEER_UNREACHABLE", `peer ${peer} cannot be reached at ${host}`) };
        const stream = connect(port, "127.0.0.1");
        await once(stream, "connect");
        return { ok: true, stream };
      },
      close() {},
    }),
    sleep: async () => {},
    now,
  };
  const wishes = (more: Partial<InviteWishes>): InviteWishes => ({
    peer: "gw-cn",
    agents: ["worker-sg"],
    forMs: 3_600_000,
    url: null,
    hosts: [],
    sshPort: null,
    ...more,
  });
  const joinWishes = (line: string, more: Partial<JoinPeerWishes>): JoinPeerWishes => ({
    line,
    name: null,
    ssh: null,
    url: null,
    country: null,
    tags: [],
    agents: [],
    ...more,
  });
  return {
    a,
    b,
    world,
    look: (more: Partial<InviteWishes> = {}) => lookAtInvite(inviteNeeds, wishes(more)),
    invite: (more: Partial<InviteWishes> = {}) => makeInvite(inviteNeeds, wishes(more)),
    takeBack: () => takeInviteBack(inviteNeeds, "gw-cn"),
    lookAtJoin: (line: string, more: Partial<JoinPeerWishes> = {}) =>
      lookAtJoin(joinNeeds, joinWishes(line, more)),
    join: (line: string, more: Partial<JoinPeerWishes> = {}) => joinPeer(joinNeeds, joinWishes(line, more)),
    /** As another gateway, with nothing of A's. */
    async joinElsewhere(line: string) {
      const other = makeGateway("gw-00000000-0000-4000-8000-00000000000c", { nodes: {} });
      try {
        return await joinPeer({ ...joinNeeds, ...other.common }, joinWishes(line, {}));
      } finally {
        rmSync(other.folder, { recursive: true, force: true });
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
      for (const { folder } of [a, b]) rmSync(folder, { recursive: true, force: true });
    },
  };
}
