// `noderouter.peerSetup`: what it takes, and that what it shows of the gateway holds no secret.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { writeInviteLine } from "../../../../src/nodeRouter/delegation/invite/inviteLine.ts";
import { newSeed } from "../../../../src/nodeRouter/delegation/invite/keyPair.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { peerSetup } from "../../../../src/nodeRouter/surfaces/methods/peerSetup.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const TOKEN = "t".repeat(40);
const LINE = writeInviteLine({
  id: "0123456789abcdef",
  gateway: "gw-b",
  name: "singapore",
  peer: "gw-cn",
  agents: ["worker-sg"],
  expiresAtMs: 8e15,
  secret: `nri_${newSeed()}`,
  url: "https://b.example",
});

/** @param config the plugin's. */
function arrange(config: object = {}, gateway: object = { port: 19_000 }) {
  const folder = mkdtempSync(join(tmpdir(), "node-router-peer-setup-"));
  folders.push(folder);
  const file = {
    gateway,
    agents: { entries: { master: {}, "worker-sg": {} } },
    plugins: { entries: { "node-router": { config } } },
  };
  const before = structuredClone(file);
  const host = {
    version: "0.1.0",
    openclaw: "2026.9.6",
    packageFolder: null,
    stateFolder: folder,
    changeConfig: async (change: (draft: unknown) => void) => change(file),
  };
  const deps = { ...fakeDeps({ config, hostConfig: file }), home: folder };
  return {
    ask: (params: object) => peerSetup(deps, host, { ...params }),
    isSame: () => JSON.stringify(file) === JSON.stringify(before),
  };
}

test.each([
  ["no op that there is", {}, "peerSetup needs an op"],
  ["no peer", { op: "inviteLook", agents: ["worker-sg"] }, "peerSetup needs peer"],
  ["no agents", { op: "invite", peer: "gw-cn", agents: [] }, "needs the agents"],
  [
    "a time that is a text",
    { op: "invite", peer: "gw-cn", agents: ["worker-sg"], forMs: "1h" },
    "are numbers",
  ],
  ["a url that is none", { op: "joinLook", line: LINE, url: "file:///etc" }, "url begins with"],
  ["a country that is none", { op: "join", line: LINE, country: "XX" }, "country is two letters"],
])("%s is the caller's mistake, and nothing is changed", async (_what, params, words) => {
  const { ask, isSame } = arrange();
  const asked = ask(params);
  await expect(asked).rejects.toThrow(UsageError);
  await expect(asked).rejects.toThrow(words);
  expect(isSame()).toBe(true);
});

describe("looking at an invitation", () => {
  test("names the agents' gateway as the config has it, and no token that is there", async () => {
    const { ask } = arrange({ peers: { "gw-cn": { url: "https://cn.example", token: TOKEN } } });
    const look = JSON.stringify(
      await ask({ op: "inviteLook", peer: "gw-cn", agents: ["worker-sg"], hosts: ["mac-sg"] }),
    );
    expect(look).toContain("mac-sg");
    expect(look).toContain('permitopen=\\"127.0.0.1:19000\\"');
    expect(look).not.toContain(TOKEN);
  });

  test("over SSH to a gateway that asks nobody who they are is refused, and by a url it is not", async () => {
    const { ask } = arrange({}, { auth: { mode: "none" } });
    const wishes = { op: "inviteLook", peer: "gw-cn", agents: ["worker-sg"] };
    await expect(ask(wishes)).rejects.toThrow("TUNNEL_NO_AUTH");
    expect(await ask({ ...wishes, url: "https://b.example" })).toMatchObject({
      fact: expect.stringContaining("b.example"),
    });
  });
});

test("a line is looked at without asking anybody, and is not told back", async () => {
  const { ask, isSame } = arrange();
  const look = await ask({ op: "joinLook", line: LINE, country: "sg", agents: ["master"] });
  expect(look).toMatchObject({ peer: "singapore", fact: expect.stringContaining("https://b.example") });
  expect(JSON.stringify(look)).toContain('\\"country\\":\\"SG\\"');
  expect(JSON.stringify(look)).not.toContain("nri_");
  expect(isSame()).toBe(true);
});

test("a peer that is not accepted has no route that could be open", async () => {
  const { ask } = arrange();
  expect(await ask({ op: "invited", peer: "gw-cn" })).toEqual({ isOpen: false });
});
