// Whom presence observes, and when the same name is another machine.
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { createTargets, presenceTargets } from "../../../src/nodeRouter/observe/sshTargets.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { hostEntry, SG_ID } from "../../support/fakeDeps.ts";

const config = (ssh: object) => resolveConfig({ nodes: { "mac-sg": { ssh, workspace: "/w" } } });
const sshTo = (ssh: object) => presenceTargets(config(ssh), null)[0]?.sshTo;

test("another host or port is another machine; another user, key or node is not", () => {
  expect(sshTo({ host: "b" })).not.toBe(sshTo({ host: "a" }));
  expect(sshTo({ host: "a", port: 2222 })).not.toBe(sshTo({ host: "a" }));
  expect(sshTo({ host: "a", user: "claw", identityFile: "/k" })).toBe(sshTo({ host: "a" }));
});

test("no secret is in it", () => {
  expect(
    JSON.stringify(presenceTargets(config({ identityData: "hush", passphrase: "hush" }), null)),
  ).not.toContain("hush");
});

test("the same config and list are the same targets, so that asking for them costs nothing", () => {
  const targetsOf = createTargets();
  const node = readHostNode(hostEntry("mac-sg", SG_ID));
  const host = { nodes: node === null ? [] : [node], takenAtMs: 1 };
  const resolved = config({});
  expect(targetsOf(resolved, host)).toBe(targetsOf(resolved, host));
  expect(targetsOf(resolved, host)[0]?.nodeId).toBe(SG_ID);
});
