// One tunnel against a real sshd: every setting that forbids it, everybody who has its port, and what comes through.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openTunnelOnce, type Tunnel } from "../../../src/nodeRouter/tunnels/oneTunnel.ts";
import { keyOptions } from "../../../src/nodeRouter/tunnels/tunnelRefusals.ts";
import { refusal, refusalText } from "../../../src/shared/refusal.ts";
import { freePort } from "../../support/ports.ts";
import { skipWithoutSsh } from "../../support/ssh/client.ts";
import { skipWithoutSshd } from "../../support/ssh/sshd.ts";
import { waitFor } from "../../support/wait.ts";
import { arrangeTunnels, ask, hold } from "./arrange.ts";

const title = "test/nodeRouter/tunnels/oneTunnel";
const open: Tunnel[] = [];
const children: ChildProcess[] = [];

describe.skipIf(skipWithoutSshd(title) || skipWithoutSsh(title))("a tunnel", () => {
  const at = arrangeTunnels();

  afterEach(() => {
    for (const tunnel of open.splice(0)) tunnel.close();
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  const opened = async (changes: object = {}): Promise<Tunnel> => {
    const result = await openTunnelOnce(at().request(changes));
    if (!result.ok) throw new Error(refusalText(result));
    open.push(result.tunnel);
    return result.tunnel;
  };

  const refused = async (changes: object = {}) => {
    const result = await openTunnelOnce(at().request(changes));
    if (!result.ok) return { code: result.code, isBlocked: result.isBlocked, text: refusalText(result) };
    result.tunnel.close();
    throw new Error("it was opened");
  };

  /** sshd closes its listener a moment after we have said so; what it takes until then it drops, and lets nobody in. */
  const portFree = (): Promise<boolean> =>
    waitFor("the port to be free", async () => {
      const said = await ask(at().port, "hello");
      expect(said).not.toBe("HELLO");
      return said === "ECONNREFUSED";
    });

  describe("that sshd allows", () => {
    test.each([
      ["by default", [], () => ""],
      ["with AllowTcpForwarding remote", ["AllowTcpForwarding remote"], () => ""],
      ["to a key that may do nothing else", [], keyOptions],
    ])("%s leads to the gateway, and only from loopback", async (_, config, options) => {
      await at().serve(config, options(at().port));
      await opened();
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });

    test("where PermitListen names its port", async () => {
      await at().serve([`PermitListen 127.0.0.1:${at().port}`]);
      await opened();
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });

    test("carries megabytes both ways whole, and many connections at once", async () => {
      await at().serve();
      const tunnel = await opened();
      const large = Buffer.alloc(5_000_000, "abcdefghij");
      const answers = await Promise.all(
        [large, large, Buffer.from("x"), large].map((text) => ask(at().port, text)),
      );
      expect(answers.map(({ length }) => length)).toEqual([5_000_000, 5_000_000, 1, 5_000_000]);
      expect(answers[0]).toBe(large.toString("latin1").toUpperCase());
      await waitFor("its connections to be gone", () => tunnel.connections() === 0);
      expect(at().gateway.sockets.size).toBe(0);
    });

    test("turns connections away while the gateway does not listen, and leads on when it does", async () => {
      await at().serve();
      let port = 1;
      const tunnel = await opened({ door: () => ({ ok: true, port }) });
      expect(await ask(at().port, "hello")).not.toBe("HELLO");
      port = at().gateway.port;
      expect(await ask(at().port, "hello")).toBe("HELLO");
      expect(tunnel.connections()).toBe(0);
    });

    test("ends when the gateway asks nobody any more who they are, and lets that one not in", async () => {
      await at().serve();
      let isShut = false;
      const shut = { ok: false as const, ...refusal("TUNNEL_NO_AUTH", "nobody is asked") };
      const tunnel = await opened({ door: () => (isShut ? shut : at().door()) });
      expect(await ask(at().port, "hello")).toBe("HELLO");
      isShut = true;
      expect(await ask(at().port, "hello")).not.toBe("HELLO");
      expect(await tunnel.closed).toMatchObject({ code: "TUNNEL_NO_AUTH", isBlocked: true });
      await portFree();
    });

    test("takes 64 connections at a time, turns more away, and takes others when those are gone", async () => {
      await at().serve();
      const tunnel = await opened();
      const held = await Promise.all(Array.from({ length: 64 }, () => hold(at().port)));
      await waitFor("all to be through", () => at().gateway.sockets.size === 64);
      expect(await ask(at().port, "hello")).not.toBe("HELLO");
      for (const socket of held) socket.destroy();
      await waitFor("its connections to be gone", () => tunnel.connections() === 0);
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });

    test("is gone from the node when it was closed, with what went through it", async () => {
      await at().serve();
      const tunnel = await opened();
      const socket = await hold(at().port);
      const ended = new Promise((resolve) => socket.once("close", resolve));
      tunnel.close();
      await ended;
      await portFree();
      await waitFor("the gateway to be left", () => at().gateway.sockets.size === 0);
      expect(await tunnel.closed).toMatchObject({ code: "NOT_STARTED" });
    });

    test("tells when its connection is killed: that passes by itself", async () => {
      const sshd = await at().serve();
      const tunnel = await opened();
      sshd.dropConnections();
      expect(await tunnel.closed).toMatchObject({ code: "NODE_UNREACHABLE", isBlocked: false });
    });
  });

  describe("that sshd forbids", () => {
    test.each([
      ["AllowTcpForwarding no", ["AllowTcpForwarding no"], "", /it forwards nothing for this login/],
      ["AllowTcpForwarding local", ["AllowTcpForwarding local"], "", /connections the other way/],
      ["DisableForwarding yes", ["DisableForwarding yes"], "", /it forwards nothing/],
      ["PermitListen of another port", ["PermitListen 127.0.0.1:1"], "", /PermitListen/],
      ["a key with restrict", [], "restrict,pty", /it forwards nothing/],
    ])("by %s says so, with the line to write", async (_, config, options, why) => {
      await at().serve(config, options);
      const { code, isBlocked, text } = await refused();
      expect([code, isBlocked]).toEqual(["TUNNEL_FORBIDDEN", true]);
      expect(text).toMatch(why);
      expect(text).toContain(`127.0.0.1:${at().port}, where nobody listens`);
      expect(text).toContain(
        `restrict,pty,port-forwarding,permitlisten="127.0.0.1:${at().port}",permitopen="none:1"`,
      );
    });

    test("is given up where sshd listens on every address, and nobody was let in", async () => {
      await at().serve(["GatewayPorts yes"]);
      const { code, isBlocked, text } = await refused();
      expect([code, isBlocked]).toEqual(["TUNNEL_EXPOSED", true]);
      expect(text).toContain('"0.0.0.0"');
      expect(text).toContain("GatewayPorts");
      await portFree();
    });

    test("is given up where nobody can see who listens", async () => {
      await at().serve(["ForceCommand /bin/true"]);
      expect(await refused()).toMatchObject({
        code: "TUNNEL_EXPOSED",
        text: expect.stringContaining("could not be seen"),
      });
      await portFree();
    });
  });

  describe("whose port is taken", () => {
    test("by another program names it, and waits for nothing", async () => {
      await at().serve();
      const other = createServer().listen(at().port, "127.0.0.1");
      await new Promise((resolve) => other.once("listening", resolve));
      const { code, isBlocked, text } = await refused();
      other.close();
      expect([code, isBlocked]).toEqual(["TUNNEL_PORT_TAKEN", true]);
      expect(text).toMatch(/is taken there by "(node|MainThread|vitest)/);
    });

    test("by an ssh -L that somebody started says so", async () => {
      const sshd = await at().serve();
      const { home, port } = at();
      const args = ["-F", "none", "-i", `${home.home}/.ssh/id_ed25519`, "-p", String(sshd.port)];
      const options = ["-o", `UserKnownHostsFile=${home.home}/.ssh/known_hosts`, "-o", "BatchMode=yes"];
      const way = ["-N", "-L", `127.0.0.1:${port}:127.0.0.1:1`, `${sshd.user}@127.0.0.1`];
      children.push(spawn("ssh", [...args, ...options, ...way], { stdio: "ignore" }));
      await waitFor("ssh to listen", async () => (await ask(port, "")) !== "ECONNREFUSED");
      expect(await refused()).toMatchObject({
        code: "TUNNEL_PORT_TAKEN",
        text: expect.stringContaining('by "ssh", such as an ssh -L that was started by hand'),
      });
    });

    test("by an old connection's sshd is opened as soon as that is gone", async () => {
      await at().serve();
      const old = await opened();
      const next = opened();
      setTimeout(() => old.close(), 1_000);
      await next;
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });

    test("by an sshd that keeps it says so after some seconds", async () => {
      await at().serve();
      await opened();
      expect(await refused()).toMatchObject({
        code: "TUNNEL_PORT_TAKEN",
        isBlocked: true,
        text: expect.stringContaining("keeps a forward of another connection"),
      });
    });
  });

  describe("after an earlier one", () => {
    test.each([
      ["any number of sessions", []],
      ["one session at a time", ["MaxSessions 1"]],
    ])("ends what is left of it, also where that is not in its way, with %s", async (_, config) => {
      await at().serve(config);
      const before = await opened();
      await opened({ earlier: before, port: await freePort() });
      expect(await before.closed).toMatchObject({ code: "NODE_UNREACHABLE" });
    });

    test("has its port, where sshd allows one session at a time", async () => {
      await at().serve(["MaxSessions 1"]);
      const before = await opened();
      await opened({ earlier: before });
      expect(await before.closed).toMatchObject({ code: "NODE_UNREACHABLE" });
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });

    test("is knocked for from the port that it had, before the login", async () => {
      const sshd = await at().serve();
      const logins: [number | undefined, boolean][] = [];
      const place = createServer((socket) => {
        logins.push([socket.remotePort, sshd.log().includes("Accepted publickey")]);
        socket.on("error", () => {}).destroy();
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => place.once("listening", resolve));
      const [localPort, address] = [await freePort(), place.address()];
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      const ends = { host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort };
      await opened({ earlier: { server: null, ends } });
      place.close();
      expect(logins).toEqual([[localPort, false]]);
    });

    test("of another start leaves the process that has its number now alone", async () => {
      await at().serve();
      const other = await opened();
      const [pid = ""] = (other.server ?? "").split(" ");
      await opened({ earlier: { server: `${pid} 1`, ends: null }, port: await freePort() });
      // By the time of another one it would be gone.
      await opened({ port: await freePort() });
      expect(await ask(at().port, "hello")).toBe("HELLO");
    });
  });

  describe("that cannot be had", () => {
    test("because nobody answers passes by itself", async () => {
      await at().serve();
      expect(await refused({ node: at().node({ port: 1 }) })).toMatchObject({
        code: "NODE_UNREACHABLE",
        isBlocked: false,
      });
    });

    test("because the gateway asks nobody who they are connects to nobody", async () => {
      const sshd = await at().serve();
      const shut = { ok: false as const, ...refusal("TUNNEL_NO_AUTH", "nobody is asked") };
      expect(await refused({ door: () => shut })).toMatchObject({ code: "TUNNEL_NO_AUTH", isBlocked: true });
      expect(sshd.log()).not.toContain("Connection from");
      expect(sshd.log()).not.toContain("Accepted");
    });

    test("because it was given up leaves nothing behind", async () => {
      await at().serve();
      const abort = new AbortController();
      const result = openTunnelOnce(at().request({ signal: abort.signal, onTarget: () => abort.abort() }));
      expect(await result).toMatchObject({ ok: false, code: "NOT_STARTED", isBlocked: false });
      await portFree();
    });
  });
});
