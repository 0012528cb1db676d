// Nodes that the config names and the gateway does not have as the operator thinks.
import { describe, expect, test } from "vitest";
import { runDoctor } from "../../../../src/nodeRouter/surfaces/doctor/doctor.ts";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import {
  CN_ID,
  findingsOf,
  guarded,
  hostEntry,
  hostOf,
  inputOf,
  linesOf,
  NODES,
  ruleFor,
  SG_ID,
} from "./arrange.ts";

const CONFIG = "plugins.entries.node-router.config";
const CLEAN = { host: guarded({ host: hostOf({ "cn-1": {} }) }) };

describe("nodes", () => {
  const one = { router: ruleFor({ require: "region=cn" }) };
  const only = (router: object, nodes: readonly object[]) =>
    linesOf(findingsOf({ router, nodes })).filter((line) => line.includes("/node-"));

  test("a configured node that is not paired is found; with node: false, with ssh, or unread it is not", () => {
    const nodes = [hostEntry("mac-sg", SG_ID)];
    expect(only(one.router, nodes)).toEqual([
      `warning node-router/node-not-paired ${CONFIG}.nodes.mac-cn.node`,
    ]);
    expect(only({ nodes: { "mac-cn": { node: false } } }, nodes)).toEqual([]);
    expect(only({ nodes: { "mac-cn": { ssh: {} } } }, nodes)).toEqual([]);
    expect(findingsOf({ nodes: null }).filter(({ id }) => id.includes("/node-"))).toEqual([]);
  });

  test("a name that is no plain key is quoted in the path, and escaped in the text", () => {
    const [found] = findingsOf({ router: { nodes: { "office 上海": { node: 'a"b' } } } }).filter(({ id }) =>
      id.endsWith("not-paired"),
    );
    expect(found?.path).toBe(`${CONFIG}.nodes["office 上海"].node`);
    expect(found?.message).toContain('id or display name "a\\"b"');
  });

  test.each([
    ["pending-approval", "warning"],
    ["unapproved", "warning"],
    ["approved", null],
    ["pending-reapproval", null],
  ])("approval %s of a configured node gives %s", (approvalState, severity) => {
    const nodes = [hostEntry("mac-sg", SG_ID, { approvalState }), hostEntry("mac-cn", CN_ID)];
    const found = only(REFERENCE_CONFIG, nodes).filter((line) => line.includes("pending"));
    expect(found).toEqual(
      severity === null ? [] : [`${severity} node-router/node-pending ${CONFIG}.nodes.mac-sg`],
    );
  });

  test("a ghost is found with both ids; a node that the config does not name is only a note", () => {
    const ghost = hostEntry("mac-sg", "99".repeat(32), { connected: false });
    const found = findingsOf({ ...CLEAN, nodes: [...NODES, ghost] });
    expect(linesOf(found)).toEqual([`warning node-router/node-ghost ${CONFIG}.nodes.mac-sg`]);
    expect(found[0]?.message).toBe(
      'node "mac-sg" shares its display name with 1 other paired id(s), 999999999999; 5a5a5a5a5a5a is used',
    );
    const waiting = hostEntry("phone", "88".repeat(32), { approvalState: "pending-approval" });
    expect(runDoctor(inputOf({ ...CLEAN, nodes: [...NODES, waiting] }))).toMatchObject({
      ok: true,
      findings: [{ id: "node-router/node-pending", severity: "info", path: null }],
    });
  });

  test("one paired node under two names is an error, said once; two nodes are not", () => {
    const idsFor = (...names: string[]) => {
      const nodes = Object.fromEntries(names.map((node, index) => [`n${index}`, { node }]));
      return findingsOf({ router: { nodes } }).map(({ severity, id }) => `${severity} ${id}`);
    };
    const twice = ["error node-router/config-node-duplicate"];
    for (const other of ["mac-sg", " mac-sg", "MAC-SG"]) expect(idsFor("mac-sg", other)).toEqual(twice);
    expect(idsFor(SG_ID, SG_ID)).toEqual(twice);
    expect(idsFor("mac-sg", "mac-cn")).toEqual([]);
  });

  test("a name whose node another entry has by id is told so, not that no such node is paired", () => {
    const router = { nodes: { a: { node: "mac-sg" }, b: { node: SG_ID } } };
    expect(findingsOf({ router }).map(({ id, message }) => [id, message])).toEqual([
      [
        "node-router/node-not-paired",
        'node "a" is configured, but the paired node "mac-sg" is "b", which names it by id',
      ],
    ]);
  });
});
