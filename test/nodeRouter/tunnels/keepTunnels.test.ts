// The tunnels of a config against a real sshd: kept over cuts, reloads and changes, and gone with the config.
import { afterEach, describe, expect, test } from "vitest";
import { type ResolvedConfig, resolveConfig } from "../../../src/config/resolve.ts";
import { createTunnelKeeper, type KeeperOptions } from "../../../src/nodeRouter/tunnels/keepTunnels.ts";
import type { TunnelKeeper, TunnelStatus } from "../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { tunnelStatus, tunnelsOf } from "../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { createLogger } from "../../../src/shared/logger.ts";
import { refusal } from "../../../src/shared/refusal.ts";
import { freePort } from "../../support/ports.ts";
import { skipWithoutSsh } from "../../support/ssh/client.ts";
import { type Sshd, skipWithoutSshd } from "../../support/ssh/sshd.ts";
import { startWire, type Wire } from "../../support/ssh/wire.ts";
import { waitFor } from "../../support/wait.ts";
import { arrangeTunnels, ask, hold } from "./arrange.ts";

const title = "test/nodeRouter/tunnels/keepTunnels";

describe.skipIf(skipWithoutSshd(title) || skipWithoutSsh(title))("the tunnels of the config", () => {
  const at = arrangeTunnels();
  const keepers: TunnelKeeper[] = [];
  const wires: Wire[] = [];
  const lines: string[] = [];

  afterEach(async () => {
    for (const keeper of keepers.splice(0)) keeper.stop();
    await Promise.all(wires.splice(0).map((wire) => wire.stop()));
    lines.length = 0;
  });

  const say = (text: string): void => void lines.push(text);
  const log = createLogger({ info: say, warn: say, error: say });

  /** With one node for each port. */
  const configOf = (ports: readonly (number | null)[], ssh: object = {}): ResolvedConfig => {
    const { name, ssh: settings, ...node } = at().node(ssh);
    const nodes = ports.map((tunnelPort, index) => ({
      ...node,
      ssh: settings,
      name: `${name}-${index}`,
      tunnelPort,
    }));
    return { ...resolveConfig({}), nodes: new Map(nodes.map((one) => [one.name, one])) };
  };
  const needs = (config: ResolvedConfig, door = at().door) => ({ config: () => config, door, log });
  const keeper = (config: ResolvedConfig, options: KeeperOptions = {}): TunnelKeeper => {
    const made = createTunnelKeeper(needs(config), { env: () => at().home.env(), ...options });
    keepers.push(made);
    made.use(needs(config));
    return made;
  };
  const state = (of: TunnelKeeper, index: number): TunnelStatus | undefined => {
    const now = of.now().get(`mac-sg-${index}`);
    return now && tunnelStatus(now);
  };
  const inState = (of: TunnelKeeper, index: number, wanted: TunnelStatus["state"]) =>
    waitFor(
      `tunnel ${index} to be ${wanted}`,
      () => {
        const now = state(of, index);
        return now?.state === wanted && now;
      },
      { timeoutMs: 25_000, everyMs: 20, onTimeout: () => JSON.stringify([...of.now(), lines]) },
    );

  test("come up by themselves, and one that is added later does not disturb the others", async () => {
    await at().serve();
    const other = await freePort();
    const kept = keeper(configOf([at().port]));
    const first = await inState(kept, 0, "up");
    expect(await ask(at().port, "hello")).toBe("HELLO");
    kept.use(needs(configOf([at().port, other])));
    await inState(kept, 1, "up");
    expect(await ask(other, "hello")).toBe("HELLO");
    expect(state(kept, 0)?.since).toBe(first.since);
    expect(lines.filter((line) => line.includes("leads to the gateway"))).toHaveLength(2);
  });

  test("go with the config, and a changed one is another one", async () => {
    await at().serve();
    const other = await freePort();
    const kept = keeper(configOf([at().port]));
    await inState(kept, 0, "up");
    kept.use(needs(configOf([other])));
    await inState(kept, 0, "up");
    expect(await ask(other, "hello")).toBe("HELLO");
    await waitFor("the old port to be free", async () => (await ask(at().port, "x")) === "ECONNREFUSED");
    kept.use(needs(configOf([null])));
    expect(kept.now().size).toBe(0);
    await waitFor("the port to be free", async () => (await ask(other, "x")) === "ECONNREFUSED");
  });

  test("survive a reload of the plugin with what goes through them, and nothing else", async () => {
    await at().serve();
    const config = configOf([at().port]);
    const [first, second] = [needs(config), needs(config)];
    const kept = keeper(config, { releaseMs: 100 });
    kept.use(first);
    await inState(kept, 0, "up");
    const socket = await hold(at().port);
    let isEnded = false;
    socket.once("close", () => {
      isEnded = true;
    });
    kept.release(first);
    kept.use(second);
    // The old registration's end may come late.
    kept.release(first);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([state(kept, 0)?.state, isEnded]).toEqual(["up", false]);
    kept.release(second);
    await waitFor("what goes through to end", () => isEnded);
    expect(kept.now().size).toBe(0);
  });

  /** Kept over a wire of 70 ms that nothing passes any more. */
  const overDeadWire = async () => {
    const sshd = await at().serve();
    const wire = await startWire({ target: sshd.port, delayMs: 35, misbehaviour: null });
    wires.push(wire);
    at().home.write(".ssh/known_hosts", sshd.knownHosts(`[127.0.0.1]:${wire.port}`));
    const kept = keeper(configOf([at().port], { port: wire.port }));
    await inState(kept, 0, "up");
    wire.freeze();
    const down = await inState(kept, 0, "down");
    expect(down.reason).toContain("was lost");
    expect(Date.parse(down.since ?? "")).toBeGreaterThan(Date.now() - 15_000);
    return { sshd, wire, kept };
  };
  const logins = (sshd: Sshd): number => sshd.log().split("Accepted publickey").length - 1;

  test("are back with the first login after a cut has healed", async () => {
    const { sshd, wire, kept } = await overDeadWire();
    const before = logins(sshd);
    wire.thaw();
    wire.cut();
    await inState(kept, 0, "up");
    expect(await ask(at().port, "hello")).toBe("HELLO");
    expect(logins(sshd)).toBe(before + 1);
  });

  test("are back where the node never learns that their old connection is gone: its sshd is ended there", async () => {
    const { wire, kept } = await overDeadWire();
    wire.thaw();
    await inState(kept, 0, "up");
    expect(await ask(at().port, "hello")).toBe("HELLO");
  });

  test("are back after their connection was killed, by one attempt", async () => {
    const sshd = await at().serve();
    const kept = keeper(configOf([at().port]));
    const before = await inState(kept, 0, "up");
    sshd.dropConnections();
    await waitFor("it to be another one", () => {
      const now = state(kept, 0);
      return now?.state === "up" && now.since !== before.since;
    });
    expect(await ask(at().port, "hello")).toBe("HELLO");
  });

  test("are blocked with a reason where sshd says no, said once", async () => {
    await at().serve(["AllowTcpForwarding no"]);
    const kept = keeper(configOf([at().port]));
    const blocked = await inState(kept, 0, "blocked");
    expect(blocked).toMatchObject({ code: "TUNNEL_FORBIDDEN", retries: 1, connections: 0 });
    expect(lines).toEqual([expect.stringContaining("TUNNEL_FORBIDDEN")]);
  });

  test("stay down at a gateway that asks nobody who they are, and end where it begins to", async () => {
    await at().serve();
    const config = configOf([at().port]);
    const kept = keeper(config);
    await inState(kept, 0, "up");
    kept.use(needs(config, () => ({ ok: false, ...refusal("TUNNEL_NO_AUTH", "nobody is asked") })));
    expect(await ask(at().port, "hello")).not.toBe("HELLO");
    await inState(kept, 0, "blocked");
    expect(state(kept, 0)?.code).toBe("TUNNEL_NO_AUTH");
    await waitFor("the port to be free", async () => (await ask(at().port, "x")) === "ECONNREFUSED");
  });

  test("are told of as down where nobody keeps any", async () => {
    await at().serve();
    expect([...tunnelsOf(configOf([7, null]), null)]).toEqual([
      ["mac-sg-0", expect.objectContaining({ state: "down", port: 7, since: null, reason: null })],
    ]);
  });
});
