// Where a tunnel leads on the gateway's machine, and when it leads nowhere.
import { describe, expect, test } from "vitest";
import { type DoorFacts, gatewayDoor } from "../../../src/nodeRouter/tunnels/gatewayDoor.ts";

const door = (changes: Partial<DoorFacts> = {}) =>
  gatewayDoor({
    hostConfig: {},
    variables: {},
    arguments: ["node", "openclaw", "gateway", "run"],
    ...changes,
  });

describe("the gateway's port", () => {
  test.each<[string, Partial<DoorFacts>, number]>([
    ["is OpenClaw's own where nothing says another", {}, 18_789],
    ["is what the config says", { hostConfig: { gateway: { port: 19_000 } } }, 19_000],
    [
      "is the one in use where the process was started with another",
      { hostConfig: { gateway: { port: 19_000 } }, variables: { OPENCLAW_GATEWAY_PORT: "19500" } },
      19_500,
    ],
    ["is not what is no number", { variables: { OPENCLAW_GATEWAY_PORT: "x" } }, 18_789],
  ])("%s", (_, facts, port) => {
    expect(door(facts)).toEqual({ ok: true, port });
  });
});

describe("nobody is let in", () => {
  test.each<[string, Partial<DoorFacts>]>([
    ["where the config asks for no authentication", { hostConfig: { gateway: { auth: { mode: "none" } } } }],
    ["where the command line does", { arguments: ["openclaw", "gateway", "run", "--auth", "none"] }],
    ["where it does so with =", { arguments: ["openclaw", "gateway", "run", "--auth=none"] }],
    [
      "where any name that comes from loopback is believed",
      { hostConfig: { gateway: { auth: { mode: "trusted-proxy", trustedProxy: { allowLoopback: true } } } } },
    ],
  ])("%s", (_, facts) => {
    expect(door(facts)).toMatchObject({ ok: false, code: "TUNNEL_NO_AUTH" });
  });

  test.each<[string, Partial<DoorFacts>]>([
    ["with a token", { hostConfig: { gateway: { auth: { mode: "token" } } } }],
    ["by default", {}],
    [
      "with a token on the command line, whatever the config says",
      { hostConfig: { gateway: { auth: { mode: "none" } } }, arguments: ["gateway", "--auth", "token"] },
    ],
    [
      "behind a proxy on another machine",
      { hostConfig: { gateway: { auth: { mode: "trusted-proxy", trustedProxy: { userHeader: "x" } } } } },
    ],
  ])("but where the gateway asks who they are: %s", (_, facts) => {
    expect(door(facts).ok).toBe(true);
  });
});
