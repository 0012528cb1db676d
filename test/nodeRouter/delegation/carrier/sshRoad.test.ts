// A peer's gateway behind a real sshd: what is proven not sent, what may have arrived, and what is kept open.
import { afterEach, describe, expect, test } from "vitest";
import {
  createPeerClient,
  type PeerClient,
} from "../../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import { sshRoad } from "../../../../src/nodeRouter/delegation/carrier/sshRoad.ts";
import { type RawPeer, resultReply, startRawPeer } from "../../../support/delegation/rawPeer.ts";
import { freePort } from "../../../support/ports.ts";
import { skipWithoutSsh } from "../../../support/ssh/client.ts";
import { skipWithoutSshd } from "../../../support/ssh/sshd.ts";
import { waitFor } from "../../../support/wait.ts";
import { arrangeTunnels } from "../../tunnels/arrange.ts";

const title = "test/nodeRouter/delegation/carrier/sshRoad";

describe.skipIf(skipWithoutSshd(title) || skipWithoutSsh(title))("a peer over SSH", () => {
  const at = arrangeTunnels();
  const peers: RawPeer[] = [];
  const clients: PeerClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
  });

  const startPeer = async (...given: Parameters<typeof startRawPeer>): Promise<RawPeer> => {
    const peer = await startRawPeer(...given);
    peers.push(peer);
    return peer;
  };

  const clientTo = (port: number): PeerClient => {
    const road = sshRoad({ peer: "gw-sg", node: () => at().node(), port, env: () => at().home.env() });
    const client = createPeerClient({ peer: "gw-sg", road, path: "/", token: () => "t".repeat(40) });
    clients.push(client);
    return client;
  };

  test("is asked through one login, and one channel for questions one after the other", async () => {
    const peer = await startPeer(({ socket, id }) =>
      socket.write(resultReply(id, { big: "y".repeat(500_000) })),
    );
    // All that the key may do: no shell, and this one port.
    await at().serve([], `restrict,port-forwarding,permitopen="127.0.0.1:${peer.port}"`);
    const client = clientTo(peer.port);
    for (let count = 0; count < 3; count += 1) {
      const answer = await client.call("GetTask", { text: "x".repeat(300_000) }, { timeoutMs: 20_000 });
      expect(answer.is).toBe("result");
    }
    expect(peer.connections()).toBe(1);
    const both = ["a", "b"].map((id) => client.call("GetTask", { id }, { timeoutMs: 20_000 }));
    expect((await Promise.all(both)).map(({ is }) => is)).toEqual(["result", "result"]);
    expect(peer.connections()).toBe(2);
    client.close();
    await waitFor("the channels to be gone", () => peer.open.size === 0);
  });

  test.each<[string, readonly string[], boolean]>([
    ["its gateway does not listen", [], false],
    ["its sshd forwards nothing", ["AllowTcpForwarding no"], true],
  ])("is not sent anything where %s", async (_, config, listens) => {
    await at().serve(config);
    const port = listens ? (await startPeer(() => {})).port : await freePort();
    const answer = await clientTo(port).call("SendMessage", {}, { timeoutMs: 20_000 });
    expect(answer).toMatchObject({ is: "not-sent" });
    expect(JSON.stringify(answer)).toContain("does not lead to 127.0.0.1");
    for (const { requests } of peers) expect(requests).toEqual([]);
  });

  test("may have got what was under way when the connection was lost, and is reached again with the next call", async () => {
    let answers = false;
    const peer = await startPeer(({ socket, id }) => void (answers && socket.write(resultReply(id))));
    const sshd = await at().serve();
    const client = clientTo(peer.port);
    const lost = client.call("SendMessage", {}, { timeoutMs: 30_000 });
    await waitFor("it to arrive", () => peer.requests.length === 1);
    await sshd.stop();
    expect(await lost).toMatchObject({ is: "no-answer" });
    expect(await client.call("FindTask", {}, { timeoutMs: 20_000 })).toMatchObject({ is: "not-sent" });
    await at().serve();
    answers = true;
    expect(await client.call("FindTask", {}, { timeoutMs: 20_000 })).toMatchObject({ is: "result" });
    expect(peer.requests.length).toBe(2);
  });
});
