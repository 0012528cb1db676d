// What is explained about workspace tools, and about node tools of the same agent.
import { describe, expect, test } from "vitest";
import { allowedNodes, toolPlacement } from "../../../src/nodeRouter/policy/toolPlacement.ts";
import { CONFIG, configWith, explained, NODES, OFFLINE, policyOf, SG } from "./arrange.ts";

const workspace = (tool: string, config = CONFIG, nodes = NODES) =>
  explained(config, { tool, binding: "workspace" }, nodes);

describe("an agent whose whole workspace is on a node", () => {
  test.each(["exec", "process", "read", "write", "edit", "apply_patch", "ls"])(
    "%s goes where exec goes",
    (tool) => {
      for (const tools of [undefined, ["exec"]]) {
        const config = configWith(tools === undefined ? {} : { tools });
        expect(workspace(tool, config)).toMatchObject({
          tool,
          outcome: "placed",
          node: "mac-sg",
          transport: "ssh",
        });
      }
    },
  );

  test("a file tool has no rule of its own: one that lists other tools than exec does not place it", () => {
    expect(workspace("read", configWith({ tools: ["browser"] }))).toMatchObject({
      outcome: "refused",
      rule: null,
    });
  });

  test("its node tools go over the node protocol", () => {
    expect(workspace("browser")).toMatchObject({
      outcome: "placed",
      node: "mac-sg",
      transport: "node",
      binding: "workspace",
    });
  });

  test("tools of no machine stay where they are", () => {
    expect(workspace("web_fetch")).toMatchObject({ outcome: "unrouted", node: null });
  });

  test('is refused where no node fits, also with onUnavailable: "gateway": its files are not there', () => {
    const nodes = { nodes: [{ ...SG, workspace: null }], takenAtMs: 1_000, gatewayLocation: null };
    for (const config of [CONFIG, configWith({ onUnavailable: "gateway" })]) {
      expect(workspace("exec", config, nodes)).toMatchObject({
        outcome: "refused",
        node: null,
        message: expect.stringContaining("1 had no workspace directory"),
      });
    }
  });

  test("needs no paired node", () => {
    const nodes = {
      nodes: [{ ...SG, nodeId: null, approval: "unpaired" as const, online: false }],
      takenAtMs: 0,
      gatewayLocation: null,
    };
    expect(toolPlacement(policyOf(CONFIG, "worker-sg", "workspace"), "exec", nodes).node?.name).toBe(
      "mac-sg",
    );
    expect(toolPlacement(policyOf(CONFIG), "exec", nodes).node).toBe(null);
  });
});

test("exec alone on nodes that only SSH reaches is explained with the way out", () => {
  const nodes = { nodes: [{ ...SG, transport: "ssh" as const }], takenAtMs: 0, gatewayLocation: null };
  expect(explained(CONFIG, {}, nodes, 0).message).toContain("sandbox.backend");
  expect(
    explained(CONFIG, {}, { nodes: [OFFLINE], takenAtMs: 0, gatewayLocation: null }, 0).message,
  ).not.toContain("sandbox");
});

test("a node that is allowed stays allowed without SSH, pairing or a workspace", () => {
  const bare = { ...SG, nodeId: null, ssh: false, workspace: null };
  expect(allowedNodes(policyOf(CONFIG), { nodes: [bare], takenAtMs: 0, gatewayLocation: null })).toEqual([
    bare,
  ]);
});
