// `cordon --dry-run` and `drain --dry-run`: what they would change for agents, without doing it.
import { describe, expect, test } from "vitest";
import { hostOf } from "../doctor/arrange.ts";
import { fakeGateway, refusalOf, run } from "./arrange.ts";

const gateway = () => {
  const { answer } = fakeGateway({ hostConfig: hostOf({ master: {} }) });
  return (method: string, params: object) =>
    answer(method, { ...params }).catch((error: Error) =>
      Promise.reject(refusalOf("INVALID_REQUEST", error.message)),
    );
};

describe.each(["cordon", "drain"] as const)("%s --dry-run", (name) => {
  test("says who would be refused, and ends with 1; nothing is cordoned, and others are not among them", async () => {
    const ran = await run(name, { argument: "mac-sg", dryRun: true, json: true }, gateway());
    expect([ran.code, ran.stderr]).toEqual([1, ""]);
    expect(JSON.parse(ran.stdout)).toEqual({
      nodes: ["mac-sg"],
      agents: [
        {
          agent: "worker-sg",
          rule: "singapore",
          before: { outcome: "placed", node: "mac-sg" },
          after: { outcome: "refused", node: null },
          message: expect.stringContaining("cordoned"),
        },
      ],
    });
    expect(ran.asked).toEqual([
      'noderouter.drained {"node":"mac-sg"}',
      'noderouter.plan {"cordon":["mac-sg"]}',
    ]);
  });

  test("in text every line fits, and says that nothing was done", async () => {
    const ran = await run(name, { argument: "mac-sg", dryRun: true }, gateway(), undefined, 60);
    expect(ran.stdout).toMatch(/^AGENT +RULE +NOW +THEN\nworker-sg +singapore +mac-sg +\(refused\)\n/);
    expect(ran.stdout).toMatch(/\nNothing was cordoned\.$/);
    for (const line of ran.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
  });

  test("a node that nobody needs is 0, and one that nobody knows is 1 with the nearest name", async () => {
    const { answer } = fakeGateway({ hostConfig: { agents: { entries: { master: {}, "worker-cn": {} } } } });
    const idle = await run(name, { argument: "mac-sg", dryRun: true }, answer);
    expect([idle.code, idle.stderr]).toEqual([0, ""]);
    expect(idle.stdout).toContain("Nothing changes for exec of any agent");
    const typo = await run(name, { argument: "mac-gs", dryRun: true }, gateway());
    expect(typo).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining('did you mean "mac-sg"?'),
    });
  });

  test("of a peer nothing is supposed, and nobody reads that it can be spared", async () => {
    const ran = await run(name, { argument: "gw-cn", dryRun: true }, () => ({ node: "gw-cn", peer: true }));
    expect(ran).toMatchObject({ code: 1, stdout: "", asked: ['noderouter.drained {"node":"gw-cn"}'] });
    expect(ran.stderr).toBe(
      '"gw-cn" is another gateway, and --dry-run is about nodes; who would get an agent\'s task says explain <agent> --delegate',
    );
  });
});

describe("-l", () => {
  const cordoning = () => {
    const { answer } = fakeGateway({ hostConfig: hostOf({}) });
    return (method: string, params: Readonly<Record<string, unknown>>) => {
      if (method === "noderouter.cordon")
        return { node: params.node, peer: false, cordon: null, before: null };
      if (method === "noderouter.uncordon") return { lifted: [params.node] };
      return answer(method, params);
    };
  };

  test("cordons and uncordons every node that matches, each once, and no other", async () => {
    const one = await run("cordon", { selector: "region=sg", reason: "x", json: true }, cordoning());
    expect(JSON.parse(one.stdout).nodes).toMatchObject([{ node: "mac-sg" }]);
    const both = await run("uncordon", { selector: "region in (sg, cn)", json: true }, cordoning());
    expect(JSON.parse(both.stdout)).toEqual({ lifted: ["mac-cn", "mac-sg"] });
    expect(both.asked.filter((asked) => asked.startsWith("noderouter.uncordon"))).toHaveLength(2);
    const text = await run("cordon", { selector: "region" }, cordoning());
    expect(text.stdout.split("\n").filter((line) => line.startsWith("node mac-"))).toHaveLength(2);
  });

  test("that matches none is 1 and cordons nothing; what cannot be read, or a node beside it, is 2", async () => {
    const none = await run("cordon", { selector: "region=mars" }, cordoning());
    expect(none).toMatchObject({ code: 1, stdout: "", asked: ["noderouter.nodes {}"] });
    expect(none.stderr).toBe('no node matches "region=mars": nothing was changed');
    for (const more of [{ selector: "region in sg" }, { selector: "region", argument: "mac-sg" }]) {
      const wrong = await run("cordon", more, cordoning());
      expect([wrong.code, wrong.asked]).toEqual([2, []]);
    }
    const both = await run("uncordon", { selector: "region", all: true }, cordoning());
    expect([both.code, both.asked]).toEqual([2, []]);
  });

  test.each(["cordon", "uncordon"] as const)(
    "%s that fails at one says at which it did not",
    async (name) => {
      const ran = await run(name, { selector: "region", json: true }, (method, params) => {
        if (params.node === "mac-sg") throw refusalOf("UNAVAILABLE", "the disk is full");
        return cordoning()(method, params);
      });
      expect([ran.code, ran.stdout]).toEqual([1, ""]);
      expect(ran.stderr.split("\n")).toEqual([
        'done for "mac-cn", then it failed',
        `the gateway refused ${name}: the disk is full`,
      ]);
    },
  );

  test("--dry-run supposes them all cordoned together", async () => {
    const { stdout, asked } = await run(
      "cordon",
      { selector: "region", dryRun: true, json: true },
      cordoning(),
    );
    const { nodes, agents } = JSON.parse(stdout);
    expect(asked).toEqual(["noderouter.nodes {}", 'noderouter.plan {"cordon":["mac-cn","mac-sg"]}']);
    expect([nodes, agents.map(({ agent }: { agent: string }) => agent).sort()]).toEqual([
      ["mac-cn", "mac-sg"],
      ["worker-cn", "worker-sg"],
    ]);
  });
});
