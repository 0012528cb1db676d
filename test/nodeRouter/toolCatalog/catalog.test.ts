// Which tools concern machines, and which automations would start a process on the gateway.
import { describe, expect, test } from "vitest";
import { startsGatewayProcess } from "../../../src/nodeRouter/toolCatalog/automations.ts";
import { classifyTool, commandsFor, ROUTABLE_TOOLS } from "../../../src/nodeRouter/toolCatalog/catalog.ts";

describe("catalogue", () => {
  test("every tool of the design that names a node can be routed, and nothing else", () => {
    expect(ROUTABLE_TOOLS).toEqual([
      "exec",
      "nodes",
      "browser",
      "canvas",
      "computer",
      "mobile_ui",
      "node_inference",
      "file_fetch",
      "dir_list",
      "dir_fetch",
      "file_write",
    ]);
  });

  test.each([
    ["read", "files"],
    ["apply_patch", "files"],
    ["terminal", "gatewayShell"],
    ["gateway_exec", "gatewayShell"],
    ["node_exec", "gatewayShell"],
    ["automations", "automations"],
  ])("%s is %s", (tool, kind) => {
    expect(classifyTool(tool)?.kind).toBe(kind);
  });

  test.each(["web_search", "tool_call", "", "Exec", "__proto__", "constructor"])(
    "%j is not known",
    (tool) => {
      expect(classifyTool(tool)).toBe(null);
      expect(commandsFor(tool)).toEqual([]);
    },
  );

  test("a node needs what the tool asks it for", () => {
    expect(commandsFor("exec")).toEqual(["system.run"]);
    expect(commandsFor("browser")).toEqual(["browser.proxy"]);
    expect(commandsFor("nodes")).toEqual([]);
    expect(commandsFor("read")).toEqual([]);
  });
});

/** Jobs in the shapes of OpenClaw's automations tool (2026.9), nested and flat. */
const HARMLESS: Record<string, object> = {
  "a reminder": {
    action: "add",
    job: {
      name: "command and control",
      schedule: { kind: "at", at: "2027-01-01T00:00:00Z" },
      sessionTarget: "main",
      payload: { kind: "systemEvent", text: "run the command `stream` on-exit" },
    },
  },
  "a recurring agent turn": {
    action: "add",
    job: {
      schedule: { kind: "cron", expr: "0 18 * * *", tz: "Asia/Shanghai" },
      sessionTarget: "isolated",
      payload: { kind: "agentTurn", message: "command", model: null, toolsAllow: ["exec"] },
      delivery: { mode: "announce", channel: "last" },
    },
  },
  "a script, whose calls are tool calls of their own": {
    action: "add",
    job: {
      schedule: { kind: "every", everyMs: 1 },
      payload: { kind: "script", script: "await exec({command:'id'})" },
    },
  },
  "a flat job": { action: "add", every: 60_000, message: "argv command kind" },
  "an update that clears fields": { action: "update", jobId: "command", job: { payload: { model: null } } },
  "a schedule whose command is cleared": {
    action: "update",
    jobId: "1",
    job: { schedule: { command: null } },
  },
  "a list": { action: "list", includeDisabled: true },
  "a run of an existing job": { action: "run", jobId: "stream", runMode: "force" },
  "a wake-up": { action: "wake", text: "on-exit", mode: "now" },
};

const PROCESSES: Record<string, object> = {
  "a command payload": { action: "add", job: { payload: { kind: "command", argv: ["id"] } } },
  "a command payload, oddly spelt": { action: "add", job: { payload: { kind: " Command " } } },
  "arguments alone, in a patch": { action: "update", jobId: "1", job: { payload: { argv: ["id"] } } },
  "a stream": { action: "add", job: { schedule: { kind: "stream", command: ["tail", "-f", "/x"] } } },
  "a stream that is only switched on": {
    action: "update",
    jobId: "1",
    job: { schedule: { kind: "stream" } },
  },
  "an exit watch": { action: "add", job: { schedule: { kind: "on-exit", command: "make" } } },
  "a flat exit watch": { action: "add", command: "make", message: "done?" },
  "a flat kind": { action: "add", kind: "on-exit" },
  "a key that the host takes apart": { action: "add", job: { scheduleKind: "stream", command: ["id"] } },
  "the same without a command": { action: "update", jobId: "1", job: { scheduleKind: "on-exit" } },
  "a command that is empty": { action: "add", command: "" },
  "anything deeper": { action: "add", job: { namePayload: { more: [{ kind: "command" }] } } },
};

describe("startsGatewayProcess", () => {
  test.each(Object.entries(HARMLESS))("%s passes", (_name, params) => {
    expect(startsGatewayProcess(params)).toBe(false);
  });

  test.each(Object.entries(PROCESSES))("%s is caught", (_name, params) => {
    expect(startsGatewayProcess(params)).toBe(true);
  });

  test.each([null, undefined, "command", 5, []])("%j starts nothing", (params) => {
    expect(startsGatewayProcess(params)).toBe(false);
  });
});
