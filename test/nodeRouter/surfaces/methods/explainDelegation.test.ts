// Explain of a task: the peer that a real one would get, by the same choice.
import { expect, test } from "vitest";
import { cordon } from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { CONFIG, fakeDeps } from "../../../support/fakeDeps.ts";

const HOST = { agents: { entries: { "worker-sg": {}, master: {} } } };
const peer = (name: string, region: string) => ({
  url: `https://${name}.ts.net`,
  token: `${name}-token-of-more-than-32-characters`,
  tags: [`region=${region}`],
});
const PEERS = { "gw-sg": peer("gw-sg", "sg"), "gw-hk": peer("gw-hk", "hk") };
const DELEGATION = { rules: [{ name: "asia", agents: ["master"], require: "region in (sg,hk)" }] };

function arrange() {
  const deps = fakeDeps({ config: { ...CONFIG, peers: PEERS, delegation: DELEGATION }, hostConfig: HOST });
  const { explain } = createMethods(deps, "1", async () => {});
  return { deps, of: (params: object) => explain({ agent: "master", delegate: true, ...params }) };
}

test("names the peer, the rule and what becomes of each", async () => {
  expect(await arrange().of({})).toMatchObject({
    tool: "delegate",
    rule: "asia",
    outcome: "placed",
    node: "gw-hk",
    transport: "peer",
    candidates: [
      { node: "gw-hk", fits: true },
      { node: "gw-sg", fits: true },
    ],
  });
  expect(await arrange().of({ to: "region=sg" })).toMatchObject({ node: "gw-sg" });
});

test("an agent without a rule of delegation is refused, although rules send its calls to nodes", async () => {
  expect(await arrange().of({ agent: "worker-sg" })).toMatchObject({
    outcome: "refused",
    rule: null,
    message: expect.stringContaining('names agent "worker-sg"'),
  });
});

test("a cordoned peer gets none, and the other one does", async () => {
  const { deps, of } = arrange();
  await cordon(deps, { node: "gw-hk" }, "cli");
  expect(await of({})).toMatchObject({
    node: "gw-sg",
    candidates: [{ node: "gw-hk", reason: "was cordoned" }, { fits: true }],
  });
});

test("a selector that cannot be read is the caller's mistake", async () => {
  await expect(arrange().of({ to: "region in (" })).rejects.toThrow(UsageError);
});
