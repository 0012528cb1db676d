// The service: nothing is loaded before a node has a tunnel, and a reload hands the keeper on.
import { afterEach, describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { registerTunnels } from "../../../src/nodeRouter/tunnels/register.ts";
import { TUNNELS, tunnelsOf } from "../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";
import { waitFor } from "../../support/wait.ts";

interface Service {
  readonly id: string;
  start(): void;
  stop(): void;
}

const deps = fakeDeps();
const tunnels = deps.memory.part(TUNNELS);

function registered(): Service {
  const services: Service[] = [];
  registerTunnels({ registerService: (service) => void services.push(service as unknown as Service) }, deps);
  const [service] = services;
  if (service === undefined) throw new Error("no service was registered");
  return service;
}

const configure = (tunnel: boolean): void => {
  const ssh = { host: "127.0.0.1", port: 1, tunnel };
  deps.memory.part(PLUGIN_CONFIG).current = resolveConfig({ nodes: { "mac-sg": { tailscale: false, ssh } } });
};

afterEach(() => {
  tunnels.current?.stop();
  tunnels.current = null;
});

describe("the service of tunnels", () => {
  test("loads nothing where no node has one", async () => {
    configure(false);
    const service = registered();
    expect(service.id).toBe("node-router-tunnels");
    service.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tunnels.current).toBeNull();
    service.stop();
  });

  test("keeps those of the config, and hands them to the next registration, which keeps what its config says", async () => {
    configure(true);
    const first = registered();
    first.start();
    const keeper = await waitFor("the keeper", () => tunnels.current);
    expect([...keeper.now().keys()]).toEqual(["mac-sg"]);
    const second = registered();
    second.start();
    first.stop();
    expect(tunnels.current).toBe(keeper);
    expect([...keeper.now().keys()]).toEqual(["mac-sg"]);
    configure(false);
    second.start();
    expect(keeper.now().size).toBe(0);
  });

  test("that was stopped while it loaded keeps nothing", async () => {
    configure(true);
    const service = registered();
    service.start();
    service.stop();
    await import("../../../src/nodeRouter/tunnels/keepTunnels.ts");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tunnels.current).toBeNull();
    const config = deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
    expect(tunnelsOf(config, tunnels.current).get("mac-sg")?.state).toBe("down");
  });
});
