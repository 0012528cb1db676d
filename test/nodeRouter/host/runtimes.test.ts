// Which model settings put a routed agent into a harness whose shell cannot be moved.
import { expect, test } from "vitest";
import { foreignRuntime } from "../../../src/nodeRouter/host/runtimes.ts";
import { hostOf, oddities } from "../surfaces/doctor/arrange.ts";

const OPUS = "anthropic/claude-opus-5";
const cli = { agentRuntime: { id: "claude-cli" } };
const own = { agentRuntime: { id: "openclaw" } };
const provider = (settings: object) => ({ models: { providers: { anthropic: settings } } });
const withModels = (models: object, defaults: object = {}, more: object = {}) => ({
  agents: { defaults: { model: OPUS, models: defaults }, entries: { a: { models } } },
  ...more,
});

test.each([
  ["the agent's own model entry", withModels({ [OPUS]: cli }), `agents.entries.a.models.${OPUS}`],
  ["the default model entry", withModels({}, { [OPUS]: cli }), `agents.defaults.models.${OPUS}`],
  [
    "the provider's model entry",
    withModels({}, {}, provider({ models: [{ id: "x" }, { id: "claude-opus-5", ...cli }] })),
    "models.providers.anthropic.models[1]",
  ],
  ["the agent's wildcard", withModels({ "anthropic/*": cli }), "agents.entries.a.models.anthropic/*"],
  ["the default wildcard", withModels({}, { "anthropic/*": cli }), "agents.defaults.models.anthropic/*"],
  ["the provider", withModels({}, {}, provider(cli)), "models.providers.anthropic"],
])("%s chooses the runtime, and the path says so", (_, config, path) => {
  expect(foreignRuntime(config, "a")).toEqual({
    model: OPUS,
    runtime: "claude-cli",
    path: `${path}.agentRuntime.id`,
  });
});

test.each([
  ["its own entry over the default", withModels({ [OPUS]: own }, { [OPUS]: cli })],
  ["an exact default over its own wildcard", withModels({ "anthropic/*": cli }, { [OPUS]: own })],
  [
    "the provider's model over any wildcard",
    withModels({ "anthropic/*": cli }, {}, provider({ models: [{ id: "claude-opus-5", ...own }] })),
  ],
  ["a wildcard over the provider", withModels({ "anthropic/*": own }, {}, provider(cli))],
])("%s, as the host decides", (_, config) => {
  expect(foreignRuntime(config, "a")).toBe(null);
});

test.each(["openclaw", "OpenClaw ", "pi", "auto", "default"])(
  "runtime %j keeps OpenClaw's own shell",
  (id) => {
    expect(foreignRuntime(withModels({ [OPUS]: { agentRuntime: { id } } }), "a")).toBe(null);
  },
);

test.each(["codex", "Codex", "codex-app-server", "copilot", "claude-cli"])("runtime %j does not", (id) => {
  expect(foreignRuntime(withModels({ [OPUS]: { agentRuntime: { id } } }), "a")?.runtime).toBe(
    id.toLowerCase(),
  );
});

test("an empty id decides nothing: the next place is asked", () => {
  const config = withModels({ [OPUS]: { agentRuntime: { id: " " } } }, {}, provider(cli));
  expect(foreignRuntime(config, "a")?.path).toBe("models.providers.anthropic.agentRuntime.id");
});

test("a model prefix selects a CLI backend, unless the model's runtime says otherwise; a like name does not", () => {
  const model = "claude-cli/claude-opus-4-7";
  const host = (agent: object) => ({ agents: { entries: { a: agent } } });
  expect(foreignRuntime(host({ model }), "a")).toEqual({
    model,
    runtime: "claude-cli",
    path: "agents.entries.a.model",
  });
  expect(foreignRuntime(host({ model, models: { [model]: own } }), "a")).toBe(null);
  expect(
    foreignRuntime(host({ model, models: { [model]: { agentRuntime: { id: "auto" } } } }), "a"),
  ).not.toBe(null);
  expect(foreignRuntime(host({ model: "openrouter/claude-cli/x" }), "a")).toBe(null);
  expect(foreignRuntime(host({ model: "my-client/x" }), "a")).toBe(null);
});

test("a fallback counts too: its turn comes when the primary fails", () => {
  const model = { primary: OPUS, fallbacks: ["x/y", "google-gemini-cli/pro"] };
  expect(foreignRuntime({ agents: { entries: { a: { model } } } }, "a")).toEqual({
    model: "google-gemini-cli/pro",
    runtime: "google-gemini-cli",
    path: "agents.entries.a.model.fallbacks[1]",
  });
});

test("the agent's own model hides the default one", () => {
  const entries = { a: { model: "openai/x" }, b: {} };
  const config = { agents: { defaults: { model: { primary: "claude-cli/x" } }, entries } };
  expect(foreignRuntime(config, "a")).toBe(null);
  expect(foreignRuntime(config, "b")?.path).toBe("agents.defaults.model.primary");
});

test.each([
  null,
  { agents: null },
  { agents: { entries: { a: "x" }, defaults: 7 } },
  { agents: { entries: { a: { model: 5, models: [] } } }, models: "x" },
  {
    agents: { entries: { a: { model: { primary: OPUS, fallbacks: "x" }, models: { [OPUS]: null } } } },
    models: { providers: { anthropic: { models: [null, "x"] } } },
  },
])("odd config %j throws nothing and finds nothing", (config) => {
  expect(foreignRuntime(config, "a")).toBe(null);
});

test("the finding names model, harness and key; an agent that no rule routes may run in any harness", () => {
  const agent = { model: OPUS, models: { [OPUS]: cli } };
  expect(oddities({ host: hostOf({ "worker-sg": agent, master: agent }) })).toEqual([
    {
      id: "node-router/runtime-not-routable",
      severity: "error",
      message: `agent "worker-sg" is routed to nodes, but its model "${OPUS}" runs in "claude-cli", whose own shell OpenClaw cannot move; its commands are refused`,
      path: `agents.entries.worker-sg.models.${OPUS}.agentRuntime.id`,
      fix: 'set agentRuntime: { id: "openclaw" } for that model, or take the agent out of its rule',
    },
  ]);
});
