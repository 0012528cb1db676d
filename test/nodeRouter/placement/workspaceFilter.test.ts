// Which nodes can hold an agent's whole workspace: those with a directory that a POSIX shell can enter.
import { describe, expect, test } from "vitest";
import { decisionMessage } from "../../../src/nodeRouter/explain/message.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, snapshotOf } from "./arrange.ts";

const whole = makeRequest({ binding: "workspace" });
const without = (name: string) => makeNode({ name, workspace: null });
const windows = (name: string) => makeNode({ name, workspace: "C:\\work" });

describe("a whole workspace", () => {
  test("is placed on a node with a POSIX directory, and on no other", () => {
    const decision = place(whole, snapshotOf(without("a"), windows("b"), makeNode({ name: "c" })), [
      makeRule(),
    ]);
    expect(decision.node?.name).toBe("c");
    expect(decision.candidates().map(({ reason }) => reason?.one ?? null)).toEqual([
      "had no workspace directory",
      "had a Windows path as its workspace directory",
      null,
    ]);
  });

  test("is refused with words that count", () => {
    const decision = place(whole, snapshotOf(without("a"), without("b"), windows("c"), windows("d")), [
      makeRule(),
    ]);
    expect(decisionMessage(decision)).toBe(
      '0/4 nodes fit rule "singapore" for exec: 2 had no workspace directory, 2 had Windows paths as their workspace directories.',
    );
  });

  test("is asked about before anything that the node itself must have: its directory is the config's to say", () => {
    const decision = place(whole, snapshotOf(makeNode({ ssh: false, workspace: null })), [makeRule()]);
    expect(decision.candidates()[0]?.reason?.one).toBe("had no workspace directory");
  });

  test("is refused on a Windows machine by that name over the node protocol, and left to sshd over SSH", () => {
    const node = { tags: new Map([["node.os", "windows"]]) };
    const reasonOf = (more: object) =>
      place(whole, snapshotOf(makeNode({ ...node, ...more })), [makeRule()]).candidates()[0]?.reason?.one;
    expect(reasonOf({ ssh: false })).toBe("ran Windows, where no workspace can be over the node protocol");
    expect(reasonOf({ ssh: true })).toBeUndefined();
  });
});

test("exec alone needs no workspace directory, and takes a Windows one", () => {
  for (const node of [without("a"), windows("a")]) {
    expect(place(makeRequest(), snapshotOf(node), [makeRule()]).node?.name).toBe("a");
  }
});
