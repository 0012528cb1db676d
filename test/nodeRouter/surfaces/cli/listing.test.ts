// `-l`, `--sort`, `-o`: what of a list is shown, in which order, and how.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { LISTINGS, listed, sortFields, tsvText } from "../../../../src/nodeRouter/surfaces/cli/listing.ts";
import type { NodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import { hostOf } from "../doctor/arrange.ts";
import { fakePresence, recordOf } from "../reports/arrange.ts";
import { nodeReport } from "../web/fleet.ts";
import { fakeGateway, run } from "./arrange.ts";

const gateway = () => fakeGateway({ hostConfig: hostOf({ master: {} }) }).answer;

describe("-l", () => {
  test("nodes and status are about the nodes that match, by built-in tags too; text, JSON and names alike", async () => {
    const nodes = await run("nodes", { selector: "region=sg", json: true }, gateway());
    expect(JSON.parse(nodes.stdout).nodes.map(({ name }: { name: string }) => name)).toEqual(["mac-sg"]);
    const names = await run("nodes", { selector: "node.country in (SG, CN)", output: "name" }, gateway());
    expect(names).toMatchObject({ code: 0, stdout: "mac-cn\nmac-sg" });
    const status = await run("status", { selector: "region=sg", output: "name" }, gateway());
    expect(status.stdout).toBe("worker-sg");
    // An agent of no rule is on no node.
    expect((await run("status", { output: "name" }, gateway())).stdout.split("\n")).toContain("master");
  });

  test("nothing that matches prints no line, and is no fault", async () => {
    const ran = await run("nodes", { selector: "region=mars", output: "name" }, gateway());
    expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("events are those of nodes that match", async () => {
    const { deps, answer } = fakeGateway();
    deps.memory.part(PRESENCE).current = fakePresence([recordOf("mac-sg"), recordOf("mac-cn")]);
    const ran = await run("events", { selector: "region=cn", output: "name" }, answer);
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toContain("mac-sg");
  });

  test("calls are looked for by the gateway: what -l leaves out is not counted by --limit", async () => {
    const { answer } = fakeGateway();
    const ran = await run("calls", { selector: "region=sg", limit: "5", json: true }, (method, params) =>
      method === "noderouter.calls" ? { calls: [] } : answer(method, params),
    );
    expect(ran.asked.at(-1)).toBe('noderouter.calls {"nodes":["mac-sg"],"limit":5}');
  });
});

describe("-o", () => {
  test("yaml is what json is", async () => {
    const json = await run("nodes", { output: "json" }, gateway());
    const yaml = await run("nodes", { output: "yaml" }, gateway());
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    const doctor = await run("doctor", { output: "yaml" }, gateway());
    expect(parse(doctor.stdout)).toHaveProperty("findings");
    const told = await run("usage", { output: "yaml" }, () => ({ complete: true, rows: [] }));
    expect(told.stdout).toBe("complete: true\nrows: []");
  });

  test("wide cuts nothing, in a narrow terminal too", async () => {
    const { deps, answer } = fakeGateway();
    deps.memory.part(PRESENCE).current = fakePresence([recordOf("mac-sg"), recordOf("mac-cn")]);
    const wide = await run("nodes", { output: "wide" }, answer, undefined, 40);
    expect(wide.stdout.split("\n")[0]).toMatch(/^NAME .* IP .* CPU\/LOAD .* TAGS$/);
    expect(wide.stdout).not.toContain("…");
  });
});

describe("--sort", () => {
  const fleet = (rtts: readonly (number | null)[]): NodesReport => ({
    nodes: rtts.map((rttMs, index) => nodeReport(`node-${index}`, { rttMs })),
    gateway: { place: null },
    attributions: [],
    snapshotAgeMs: 0,
  });

  test("keeps every row, orders what is known either way, and puts what is not known last", () => {
    const known = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }), { maxLength: 12 });
    fc.assert(
      fc.property(known, fc.boolean(), (rtts, isTurned) => {
        const sort = isTurned ? "rtt:desc" : "rtt";
        const { nodes } = listed(LISTINGS.nodes, fleet(rtts), { nodes: null, sort });
        expect(nodes.map(({ name }) => name).sort()).toEqual(rtts.map((_, index) => `node-${index}`).sort());
        const values = nodes.map(({ rttMs }) => rttMs);
        const numbers = values.filter((value) => value !== null);
        const ordered = [...numbers].sort((one, other) => (isTurned ? other - one : one - other));
        expect(values).toEqual([...ordered, ...values.filter((value) => value === null)]);
      }),
    );
  });

  test.each(Object.keys(LISTINGS) as (keyof typeof LISTINGS)[])("%s has each of its fields", async (name) => {
    for (const sort of sortFields(name)) {
      const empty: Readonly<Record<string, unknown>> = {
        "noderouter.calls": { calls: [] },
        "noderouter.peers": { gateway: { name: "gw", id: null }, peers: [] },
        "noderouter.delegations": { delegations: [], left: 0 },
      };
      const ran = await run(name, { sort }, (method, params) => empty[method] ?? gateway()(method, params));
      expect([ran.code, ran.stderr]).not.toContain(2);
      expect(ran.stdout).not.toBe("");
    }
  });
});

describe("peers and delegations", () => {
  const peer = (name: string, tags: readonly string[], country: string | null) => ({
    name,
    tags,
    location: country === null ? null : { country, source: "declared" },
    state: "online",
  });
  const PEERS = {
    gateway: { name: "gw", id: null },
    peers: [peer("gw-sg", ["region=sg", "url=a=b"], "SG"), peer("gw-hk", ["region=hk"], null)],
  };
  const given = (id: string, to: string | null, state = "working") => ({ id, peer: to, state });
  const answer = (method: string) =>
    method === "noderouter.peers"
      ? PEERS
      : {
          delegations: [given("d1", "gw-hk"), given("d2", "gw-sg"), given("d3", null), given("d4", "gw-sg")],
          left: 0,
        };

  test.each([
    ["region=sg", "gw-sg"],
    ["node.country=SG", "gw-sg"],
    ["node.name=gw-hk", "gw-hk"],
    ["!node.country", "gw-hk"],
    ["region", "gw-sg\ngw-hk"],
  ])("-l %s means the peers that a rule of delegation would mean", async (selector, names) => {
    const ran = await run("peers", { selector, output: "name" }, answer);
    expect(ran).toMatchObject({ code: 0, stdout: names });
  });

  test("-l of delegations is about their peers, and --limit counts what is left by it", async () => {
    const all = await run("delegations", { selector: "region=sg", output: "name" }, answer);
    expect(all).toMatchObject({ stdout: "d2\nd4" });
    const ran = await run("delegations", { selector: "region=sg", limit: "1", json: true }, answer);
    expect(JSON.parse(ran.stdout)).toEqual({ delegations: [given("d2", "gw-sg")], left: 1 });
    expect(ran.asked.at(-1)).toBe('noderouter.delegations {"limit":1000}');
    // As without -l: the newest, in the order that is asked for.
    const sorted = await run(
      "delegations",
      { selector: "region", sort: "id:desc", limit: "2", output: "name" },
      answer,
    );
    expect(sorted.stdout).toBe("d2\nd1");
    const plain = await run("delegations", { limit: "1", output: "name" }, answer);
    expect(plain.asked).toEqual(['noderouter.delegations {"limit":1}']);
  });

  test("--sort has blanks around it or not", async () => {
    for (const sort of ["id:desc", " id:desc "]) {
      const ran = await run("delegations", { sort, output: "name" }, answer);
      expect(ran.stdout).toBe("d4\nd3\nd2\nd1");
      const peers = await run("peers", { sort: sort.replace("id", "name"), output: "name" }, answer);
      expect(peers.stdout).toBe("gw-sg\ngw-hk");
    }
  });

  test("an action has no list: -l, --sort and -o name are wrong usage behind it", async () => {
    for (const [more, message] of [
      [{ selector: "a" }, /^-l and --sort go with the list$/],
      [{ sort: "state" }, /^-l and --sort go with the list$/],
      [{ output: "name" }, /^-o takes json, yaml, not "name"$/],
    ] as const) {
      const ran = await run("delegations", { argument: "show", id: "d1", ...more }, answer);
      expect([ran.code, ran.asked]).toEqual([2, []]);
      expect(ran.stderr).toMatch(message);
    }
  });

  test.each([
    ["delegations", { argument: "show", id: "d1", open: true }, "--open goes with delegations"],
    ["delegations", { again: true }, "--again goes with delegations retry"],
    ["delegations", { argument: "show", id: "d1", reason: "x" }, "--reason goes with delegations end"],
    ["peers", { argument: "probe", id: "gw-sg", sshPort: "22" }, "--ssh-port goes with peers invite"],
    ["peers", { country: "SG" }, "--country goes with peers join"],
    [
      "peers",
      { argument: "invite", id: "gw", agents: "a", yes: true, ssh: "x" },
      "--ssh goes with peers join",
    ],
  ] as const)("%s %j: an option that would be ignored is wrong usage", async (name, options, message) => {
    const ran = await run(name, options, answer);
    expect(ran).toMatchObject({ code: 2, asked: [], stderr: message });
  });
});

test.each([
  [{ watch: true }, "--watch looks again at the list, --follow goes on with it: use one of them"],
  [{ sort: "node" }, "--sort goes with the list, not with --follow"],
])("--follow with %j, which it would ignore, is wrong usage", async (more, message) => {
  for (const name of ["calls", "events"] as const) {
    const ran = await run(name, { follow: true, ...more }, gateway());
    expect(ran).toMatchObject({ code: 2, asked: [], stderr: message });
  }
});

test("tsv: what would end a cell or a line is escaped, a backslash too, and what is not known is empty", () => {
  const report = {
    nodes: [nodeReport("a\tb\nc\\d", { rttMs: null, state: "ready" })],
    gateway: { place: null },
    attributions: [],
    snapshotAgeMs: 0,
  };
  const [head = "", row = "", ...rest] = tsvText(LISTINGS.nodes, report).split("\n");
  expect(head.split("\t").slice(0, 4)).toEqual(["name", "state", "country", "rtt"]);
  const cells = row.split("\t");
  expect([cells[0], cells[1], cells[3], rest]).toEqual(["a\\u0009b\\u000ac\\\\d", "ready", "", []]);
});
