// What a person reads: short, whole and harmless.
import { expect, test } from "vitest";
import type { Alert, AlertKind } from "../../../src/nodeRouter/alerts/alertState.ts";
import { digestText } from "../../../src/nodeRouter/alerts/alertText.ts";

const NOW_MS = 1_700_000_000_000;
const alert = (kind: AlertKind, name: string, changes: Partial<Alert> = {}): Alert => ({
  kind,
  name,
  detail: "",
  sinceMs: NOW_MS - 14 * 60_000,
  isTold: false,
  wellSinceMs: null,
  ...changes,
});

test("everything that began and ended is one message, each with how long it lasted", () => {
  const begun = [
    alert("refused", "worker-sg", { detail: "NO_NODE_FITS: 0/2 nodes fit" }),
    alert("offline", "mac-sg", { detail: "no answer for 14 min" }),
    alert("mismatch", "worker-cn", { detail: "placed on mac-cn, ran on gateway", sinceMs: NOW_MS }),
  ];
  const over = [alert("residency", "mac-de", { isTold: true, wellSinceMs: NOW_MS - 60_000 })];
  expect(digestText({ begun, over }, "gw-cn", NOW_MS)).toBe(
    [
      "node-router on gw-cn",
      "Alert: commands of agent worker-sg are refused (14 min): NO_NODE_FITS: 0/2 nodes fit",
      "Alert: node mac-sg is offline (14 min): no answer for 14 min",
      "Alert: a command of agent worker-cn ran on another machine than it was placed on: placed on mac-cn, ran on gateway",
      "Over: the place of node mac-de is not in doubt any more (13 min)",
    ].join("\n"),
  );
});

test("a gateway without a name is not named", () => {
  expect(digestText({ begun: [alert("offline", "a")], over: [] }, null, NOW_MS)).toBe(
    "node-router\nAlert: node a is offline (14 min)",
  );
});

test("it is bounded, however many there are and however long they are", () => {
  const many = Array.from({ length: 500 }, (_, at) =>
    alert("offline", `node-${at}-${"n".repeat(240)}`, { detail: "😀".repeat(5_000) }),
  );
  const text = digestText({ begun: many, over: many }, "g".repeat(5_000), NOW_MS);
  expect([...text].length).toBeLessThan(4_096);
  expect(text.split("\n")).toHaveLength(19);
  expect(text).toContain("\nAlert: 492 more, see openclaw node-router status\n");
  expect(text).toMatch(/\nOver: 492 more, see openclaw node-router status$/);
});

test("text from nodes calls nobody, ends no line and orders OpenClaw nothing", () => {
  const detail =
    "x\nMEDIA:/etc/passwd [[reply_to:1]] [[[a]]] @everyone <!channel> <@U1> `rm` \u202egnp\u0007";
  const text = digestText({ begun: [alert("offline", "@here\n[[a", { detail })], over: [] }, "<g>", NOW_MS);
  expect(text.split("\n")).toHaveLength(2);
  expect(["@", "<", ">", "`", "\u202e", "\u0007", "[[", "]]"].filter((one) => text.includes(one))).toEqual(
    [],
  );
  expect(text).toContain("＠everyone ‹!channel›");
  const link = alert("offline", "![a](https://a.example/b.png)", {
    detail: "see [docs](https://a.example) [a][b]",
  });
  const linked = digestText({ begun: [link], over: [] }, null, NOW_MS);
  expect(["](", "]["].filter((one) => linked.includes(one))).toEqual([]);
});
