import { describe, expect, test } from "vitest";
import { createDelegatedRuns } from "../../../src/nodeRouter/state/delegatedRuns.ts";

const RUN = { delegation: "d1", peer: "gw-a", chain: ["id-a"], maxHops: 1 };
const parents = (map: Record<string, string>) => (session: string) => map[session] ?? null;

describe("a session that works on a peer's task", () => {
  test("is found by its key, and by those of the sub-agents that it spawned", () => {
    const runs = createDelegatedRuns();
    runs.set("root", RUN);
    expect(runs.find("root", parents({}))).toBe(RUN);
    expect(runs.find("child", parents({ child: "middle", middle: "root" }))).toBe(RUN);
    expect(runs.find("other", parents({ other: "elsewhere" }))).toBeNull();
  });

  test("is not looked for without end, nor at all while there is none", () => {
    const runs = createDelegatedRuns();
    const never = () => {
      throw new Error("asked");
    };
    expect(runs.find("a", never)).toBeNull();
    runs.set("root", RUN);
    expect(runs.find("a", parents({ a: "b", b: "a" }))).toBeNull();
  });

  test("has its calls counted by tool and node", () => {
    const runs = createDelegatedRuns();
    runs.count("d1", "exec", "mac-sg", "SG");
    runs.count("d1", "exec", "mac-sg", "SG");
    runs.count("d1", "exec", null, null);
    runs.count("d2", "read", null, null);
    expect(runs.counted("d1")).toEqual([
      { tool: "exec", node: "mac-sg", country: "SG", calls: 2 },
      { tool: "exec", node: null, country: null, calls: 1 },
    ]);
    for (let i = 0; i < 1_000; i++) runs.count("d3", `tool-${i}`, null, null);
    expect(runs.counted("d3").length).toBeLessThanOrEqual(100);
    expect(runs.counted("none")).toEqual([]);
  });
});
