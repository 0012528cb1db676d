// Tunnels that are not up are found with their reason, and what a gateway lets through those that are is said.
import { describe, expect, test } from "vitest";
import type { TunnelStatus } from "../../../../src/nodeRouter/tunnels/tunnelStatus.ts";
import { findingsOf, guarded, hostOf } from "./arrange.ts";

const HOST = guarded({ host: hostOf({ "cn-1": {} }) });
const UP: TunnelStatus = {
  state: "up",
  port: 18_789,
  since: "2026-11-29T10:00:00.000Z",
  retries: 0,
  code: null,
  reason: null,
  connections: 1,
};
const found = (tunnels: Readonly<Record<string, TunnelStatus>>, gateway: object = {}) =>
  findingsOf({
    host: { ...Object(HOST), gateway },
    doctor: { tunnels: new Map(Object.entries(tunnels)) },
  }).filter(({ id }) => id.includes("tunnel"));

const ASKS = { nodes: { pairing: { autoApproveLocal: false } } };

describe("a tunnel", () => {
  test("that is up is no finding", () => {
    expect(found({ "mac-sg": UP }, ASKS)).toEqual([]);
  });

  test("that is down is a warning with how often it was tried, and with the node's words made harmless", () => {
    const reason = "node did not answer\u001b[2J";
    const down: TunnelStatus = { ...UP, state: "down", retries: 7, code: "NODE_UNREACHABLE", reason };
    expect(found({ "mac-sg": down }, ASKS)).toEqual([
      {
        id: "node-router/tunnel-down",
        severity: "warning",
        message:
          'the tunnel from 127.0.0.1:18789 of node "mac-sg" to this gateway is not there (tried 7 times): node did not answer\\u001b[2J',
        path: "plugins.entries.node-router.config.nodes.mac-sg.ssh.tunnel",
        fix: 'nothing where it passes; else "openclaw node-router probe mac-sg" shows how far a connection comes',
      },
    ]);
  });

  test("that nobody has opened yet says so, and not that it failed", () => {
    const [finding] = found({ "mac-sg": { ...UP, state: "down", since: null } }, ASKS);
    expect(finding?.message).toMatch(/is not there: nobody has opened it yet$/);
  });

  test.each([
    ["TUNNEL_FORBIDDEN", "tunnel-blocked"],
    ["TUNNEL_PORT_TAKEN", "tunnel-blocked"],
    ["TUNNEL_NO_AUTH", "tunnel-no-auth"],
  ])("that is blocked with %s is the error %s", (code, id) => {
    const blocked: TunnelStatus = { ...UP, state: "blocked", code, reason: "why" };
    expect(found({ "mac-sg": blocked }, ASKS)).toMatchObject([
      { id: `node-router/${id}`, severity: "error" },
    ]);
  });
});

describe("pairing without a question", () => {
  test("is said once where a tunnel leads to a gateway that does it", () => {
    expect(found({ a: UP, b: UP }).map(({ id, severity }) => [id, severity])).toEqual([
      ["node-router/tunnel-pairing", "info"],
    ]);
  });

  test("is nothing to say where no node has a tunnel", () => {
    expect(found({})).toEqual([]);
  });
});
