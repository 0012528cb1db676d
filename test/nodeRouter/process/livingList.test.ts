// Whose way to the gateway lists the nodes, when the plugin has been registered more than once.
import { describe, expect, test } from "vitest";
import { livingList } from "../../../src/nodeRouter/process/livingList.ts";
import { createMemory } from "../../../src/shared/processMemory.ts";

/** Registrations of one process; each says who was asked, or that its way is gone. */
function host() {
  const memory = createMemory(() => 0);
  const asked: string[] = [];
  const gone = new Set<string>();
  const register = (name: string, { full = true } = {}) =>
    livingList(
      memory,
      async () => {
        asked.push(name);
        if (gone.has(name)) throw new Error(`${name} is retired`);
        return name;
      },
      full,
    );
  return { asked, gone, register };
}

describe("the list of nodes", () => {
  test("comes through the registration's own way while it has one, however many newer ones there are", async () => {
    const { asked, register } = host();
    const list = register("old");
    register("new");
    expect(await list()).toBe("old");
    expect(asked).toEqual(["old"]);
  });

  test("comes through the newest full registration when the own way is gone, also for a run's registration", async () => {
    const { gone, register } = host();
    const [old, run] = [register("old"), register("run", { full: false })];
    register("new");
    register("later run", { full: false });
    for (const name of ["old", "run", "later run"]) gone.add(name);
    expect([await old(), await run()]).toEqual(["new", "new"]);
  });

  test("fails with the own error, asked once, where there is no other registration", async () => {
    const { asked, gone, register } = host();
    const list = register("only");
    gone.add("only");
    await expect(list()).rejects.toThrow("only is retired");
    expect(asked).toEqual(["only"]);
  });

  test("fails where the newest is gone, too: nobody else's list is taken for an answer", async () => {
    const { asked, gone, register } = host();
    const run = register("run", { full: false });
    register("old");
    register("new");
    gone.add("run");
    gone.add("new");
    await expect(run()).rejects.toThrow("new is retired");
    expect(asked).toEqual(["run", "new"]);
  });
});
