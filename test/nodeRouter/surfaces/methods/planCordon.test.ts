// What a cordon would change, of all agents in one answer: the same as explain says of each.
import { describe, expect, test } from "vitest";
import { CORDONS } from "../../../../src/nodeRouter/inventory/cordons.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { planCordon } from "../../../../src/nodeRouter/surfaces/methods/planCordon.ts";
import { CONFIG, fakeDeps, hostEntry } from "../../../support/fakeDeps.ts";
import { hostOf } from "../doctor/arrange.ts";

const arrange = (config: unknown = CONFIG) => fakeDeps({ hostConfig: hostOf({}), config });

describe("a plan of a cordon", () => {
  test.each([[["mac-sg"]], [["mac-cn"]], [["mac-sg", "mac-cn"]]])(
    "of %j says of each agent what explain says with it and without it, and leaves out whom it does not move",
    async (cordon) => {
      const rules = [
        { ...CONFIG.rules[0], require: "region", prefer: [{ weight: 50, selector: "region=sg" }] },
      ];
      for (const config of [CONFIG, { ...CONFIG, rules }]) {
        const deps = arrange(config);
        const methods = createMethods(deps, "1.2.3", async () => {});
        const expected = [];
        for (const agent of ["master", "worker-cn", "worker-sg"]) {
          const before = await methods.explain({ agent });
          const after = await methods.explain({ agent, cordon });
          if (before.outcome === after.outcome && before.node === after.node) continue;
          const of = ({ outcome, node }: typeof before) => ({ outcome, node });
          const { rule, message } = after;
          expected.push({ agent, rule, before: of(before), after: of(after), message });
        }
        expect(await planCordon(deps, { cordon })).toEqual({ nodes: cordon, agents: expected });
        expect(deps.memory.part(CORDONS).view().records.size).toBe(0);
      }
    },
  );

  test("takes more nodes than anybody would type", async () => {
    const deps = arrange();
    const names = Array.from({ length: 100 }, (_, at) => `n${at}`);
    deps.nodes = { nodes: names.map((name, at) => hostEntry(name, at.toString(16).padStart(64, "0"))) };
    expect((await planCordon(deps, { cordon: names })).nodes).toHaveLength(100);
  });

  test("is refused with the nearest name where no node has it, and beside a document", async () => {
    await expect(planCordon(arrange(), { cordon: ["mac-gs"] })).rejects.toThrow('did you mean "mac-sg"?');
    await expect(planCordon(arrange(), { cordon: [7] })).rejects.toThrow(UsageError);
    await expect(planCordon(arrange(), { cordon: ["mac-sg"], document: {} })).rejects.toThrow(UsageError);
  });
});
