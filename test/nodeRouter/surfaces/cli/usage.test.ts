// How a command may be written, and what it says when it was written wrong or nobody lets it in.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { helpText, ROOT_HELP } from "../../../../src/nodeRouter/surfaces/cli/helpText.ts";
import { VERBS } from "../../../../src/nodeRouter/surfaces/cli/verbs.ts";
import { refusalDetails } from "../../../../src/nodeRouter/surfaces/methods/errorDetails.ts";
import { ROOT } from "../../../support/environment.ts";
import { hostOf } from "../doctor/arrange.ts";
import { fakeGateway, refusalOf, run } from "./arrange.ts";

const arranged = () => {
  const gateway = fakeGateway({ hostConfig: hostOf({}) });
  return (method: string, params: object) =>
    gateway
      .answer(method, { ...params })
      .catch((error: Error) =>
        Promise.reject(refusalOf("INVALID_REQUEST", error.message, refusalDetails(error))),
      );
};

describe("a name that nobody has is 1, with the nearest one", () => {
  test.each([
    ["explain", { argument: "worker-gs" }, 'did you mean "worker-sg"?'],
    ["explain", { argument: "worker-sg", tool: "exce" }, 'did you mean "exec"?'],
    ["explain", { argument: "worker-sg", down: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["explain", { argument: "worker-sg", cordon: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["events", { argument: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["probe", { argument: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["trust", { argument: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["describe", { node: "node", id: "mac-gs" }, 'did you mean "mac-sg"?'],
    ["describe", { node: "agent", id: "worker-gs" }, 'did you mean "worker-sg"?'],
    ["describe", { node: "rule", id: "singapor" }, 'did you mean "singapore"?'],
    ["wait", { argument: "mac-gs" }, 'did you mean "mac-sg"?'],
  ] as const)("%s %j", async (name, options, near) => {
    const ran = await run(name, options, arranged());
    expect(ran).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(near) });
  });
});

describe("one style of arguments", () => {
  test.each([
    ["explain", { argument: "worker-sg" }, { agent: "worker-sg" }],
    ["events", { argument: "mac-sg" }, { node: "mac-sg" }],
    ["cordon", { argument: "mac-sg" }, { node: "mac-sg" }],
    ["probe", { argument: "mac-sg" }, { node: "mac-sg" }],
  ] as const)("%s %j asks the same as with %j", async (name, positional, option) => {
    const [one, other] = await Promise.all(
      [positional, option].map((options) => run(name, { ...options, json: true }, () => ({ events: [] }))),
    );
    expect(one?.asked).toHaveLength(1);
    expect(one?.asked).toEqual(other?.asked);
  });

  test("the same name twice is fine, and two names are wrong usage", async () => {
    const same = await run("explain", { argument: "worker-sg", agent: "worker-sg" }, arranged());
    expect(same.code).toBe(0);
    const two = await run("events", { argument: "mac-sg", node: "mac-cn" }, arranged());
    expect(two).toMatchObject({
      code: 2,
      asked: [],
      stderr: 'events takes one node, not "mac-sg" and "mac-cn"',
    });
  });
});

test.each([
  [{ timeout: "abc" }, /^--timeout takes a time span .* or a number of ms, not "abc"$/],
  [{ timeout: "0" }, /^--timeout/],
  [{ port: "70000" }, /^--port takes a number from 1 to 65535, not "70000"$/],
  [{ port: "x" }, /^--port/],
  [{ url: "not an address" }, /^--url takes an address/],
  [{ url: "ws://127.0.0.1:1", port: "1" }, /^--url and --port say the same/],
  [{ selector: "region in sg" }, /^-l "region in sg" is no selector: /],
  [{ sort: "size" }, /^--sort takes name, state, .*not "size"$/],
  [{ output: "xml" }, /^-o takes json, yaml, wide, name, tsv, not "xml"$/],
  [{ output: "yaml", json: true }, /^--json and -o say how to print/],
  [{ output: "yaml", watch: true }, /^--watch and --follow go with text and JSON/],
] as const)("nodes with %j is wrong usage: 2, and nobody is asked", async (options, message) => {
  const ran = await run("nodes", options, arranged());
  expect(ran).toMatchObject({ code: 2, stdout: "", asked: [] });
  expect(ran.stderr).toMatch(message);
});

test.each([
  ["doctor", { output: "name" }, /^-o takes json, yaml, not "name"$/],
  ["describe", { node: "nod", id: "x" }, /^describe takes node, agent, rule, call and a name/],
  ["describe", { node: "node" }, /^describe needs a name/],
  [
    "wait",
    { argument: "mac-sg", for: "redy" },
    /^--for takes ready, offline, cordoned, uncordoned, not "redy"$/,
  ],
  ["ping", { argument: "mac-sg", count: "0" }, /^--count takes a number from 1 to 1000/],
  ["ping", {}, /^ping needs a node/],
  [
    "calls",
    { outcome: "refussed" },
    /^--outcome takes ran, refused, .*, not "refussed"; did you mean "refused"\?$/,
  ],
  ["nodes", { state: "ofline" }, /^--state takes ready, .*unknown, not "ofline"; did you mean "offline"\?$/],
  ["nodes", { state: "ready,redy" }, /^--state takes .*, not "redy"; did you mean "ready"\?$/],
  ["top", { state: " , " }, /^--state takes .*, not ""$/],
  ["delegations", { state: "complete" }, /not "complete"; did you mean "completed"\?$/],
  ["delegations", { state: "done" }, /^--state takes queued, .*completed.*, not "done"$/],
  ["explain", { argument: "worker-sg", require: "region in sg" }, /^--require takes a selector \(.*\), not /],
  ["explain", { argument: "worker-sg", delegate: true, to: "=" }, /^--to takes a selector /],
  ["explain", { argument: "worker-sg", at: "tomorrow" }, /^--at takes a time span/],
  ["ledger", { argument: "verify", head: "abc" }, /^--head takes the hash of a record, 43 characters/],
  ["trust", { argument: "mac-sg", yes: "yes" }, /^--yes takes a fingerprint .*SHA256:…, not "yes"$/],
  ["add", { argument: "claw@hk", yes: true, hostKey: "MD5:1" }, /^--host-key takes a fingerprint/],
  ["add", { argument: "claw@hk", yes: true, tags: "a b" }, /^--tags takes tags with commas \(tag "a b": /],
  ["peers", { argument: "join", id: "x", yes: true, peerUrl: "gw" }, /^--peer-url takes an address/],
  ["check", { as: "patch" }, /^--as goes with --file$/],
] as const)("%s with %j is wrong usage", async (name, options, message) => {
  const ran = await run(name, options, arranged());
  expect([ran.code, ran.asked]).toEqual([2, []]);
  expect(ran.stderr).toMatch(message);
});

describe("who is not let in is not told to start the gateway", () => {
  const failing = async (error: Error) => (await run("status", {}, () => Promise.reject(error))).stderr;

  test("without credentials: the host's own advice, once", async () => {
    const error = Object.assign(
      new Error(
        "gateway noderouter.status requires credentials before opening a websocket\nFix: configure gateway.auth token/password, pair this device, or pass --token/--password.\nConfig: /home/gw/.openclaw/openclaw.json",
      ),
      { name: "GatewayCredentialsRequiredError" },
    );
    expect(await failing(error)).toBe(
      "GATEWAY_UNREACHABLE: node-router could not be asked: gateway noderouter.status requires credentials before opening a websocket; configure gateway.auth token/password, pair this device, or pass --token/--password (/home/gw/.openclaw/openclaw.json)",
    );
  });

  test("with a wrong token: which option is wrong", async () => {
    const text = await failing(refusalOf("INVALID_REQUEST", "unauthorized: gateway token mismatch"));
    expect(text).toBe(
      "the gateway refused status: unauthorized: gateway token mismatch; name the right one with --token or --password",
    );
  });

  test("nor with a gateway that closed for it", async () => {
    const text = await failing(
      new Error("gateway closed (1008): unauthorized: gateway token mismatch\nGateway target: x"),
    );
    expect(text).toBe(
      "GATEWAY_UNREACHABLE: node-router could not be asked: gateway closed (1008): unauthorized: gateway token mismatch; name the right one with --token or --password",
    );
  });

  test("an answer that cannot be read is no gateway that is down", async () => {
    const ran = await run("status", {}, () => null);
    expect(ran.stderr).toMatch(
      /the gateway's answer to status cannot be read: .*same version here and there$/,
    );
    expect(ran.stderr).not.toContain("gateway run");
  });
});

test("help of all commands leads to pages that are there, also to the one that says what its words mean", () => {
  const pages = [...ROOT_HELP.matchAll(/https:\/\/github\.com\/[\w-]+\/[\w-]+\/blob\/main\/(\S+)/g)].map(
    ([, page]) => page,
  );
  expect(pages).toEqual(["docs/cli.md", "docs/concepts.md"]);
  const words = readFileSync(join(ROOT, "docs/concepts.md"), "utf8");
  for (const word of ["Guard", "Binding", "Presence", "Residency"]) expect(words).toContain(`**${word}**`);
});

test("help of every command has examples that name it, and the place in its page of the docs", () => {
  for (const [name, { examples }] of Object.entries(VERBS)) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(example.split(" ")[0]).toBe(name);
    expect(helpText(name, examples)).toMatch(new RegExp(`docs/cli\\.md#${name}\\n$`));
  }
});
