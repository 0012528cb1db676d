import { afterAll, beforeAll, test } from "vitest";
import { merge } from "../support/config.ts";
import { call, changeConfig, type Deployment, startDeployment } from "./deployment.ts";
let d: Deployment;
const B = { mode: "all", backend: "node-router", scope: "agent", workspaceAccess: "rw", prune: { idleHours: 0, maxAgeDays: 0 } };
beforeAll(async () => {
  d = await startDeployment({
    config: { plugins: { load: { paths: ["/tmp/stub-sandbox"] }, entries: { "stub-sandbox": { enabled: true } } }, tools: { elevated: { enabled: true, allowFrom: { webchat: ["*"] } } },
      agents: { defaults: { elevatedDefault: "on" }, entries: { "worker-sg": { sandbox: B } } } },
    router: (r) => merge(r, { nodes: { "mac-sg": { ssh: {} } } }),
  });
});
afterAll(async () => { console.log(d.gateway.log?.().split("\n").filter((l: string) => /STUB|blocked|node-router.*(placed|refused)/.test(l)).slice(-30).join("\n")); await d.stop(); });
const run = async (m: string, o = {}) => d.gateway.agent("worker-sg", m, o).then((r) => JSON.stringify(r.results), (e) => "ERR " + e.message);

const chat = async (key: string, message: string, decide: string | null) => {
  await d.gateway.rpc("chat.send", { sessionKey: key, message, idempotencyKey: key + Math.random() });
  const want = 1;
  for (let i = 0; i < 60; i++) {
    await new Promise((r) => setTimeout(r, 500));
    const list = await d.gateway.rpc<any[]>("plugin.approval.list", {});
    if (list[0] && decide) { console.log("  approval", JSON.stringify(list[0].request).slice(0, 900)); await d.gateway.rpc("plugin.approval.resolve", { id: list[0].id, decision: decide }); }
    if (d.gateway.model.results(key).length >= want) break;
  }
  return JSON.stringify(d.gateway.model.results(key));
};
test("x", async () => {
  console.log("A", await chat("agent:worker-sg:e1", call("exec", { command: "echo elevated-default" }), null));
  console.log("A2", await chat("agent:worker-sg:e2", call("exec", { command: "echo elevated-true", elevated: true, host: "gateway" }), null));
  await changeConfig(d.gateway, (c) => merge(c, { agents: { entries: { "worker-sg": { tools: { exec: { mode: "ask" } } } } } }));
  console.log("B", await chat("agent:worker-sg:a1", call("exec", { command: "echo asked\nrm -rf build", host: "gateway", node: "x", elevated: true }), "allow-once"));
  console.log("C", await chat("agent:worker-sg:a2", call("exec", { command: "echo never" }), "deny"));
  console.log("D", await chat("agent:worker-sg:a3", call("exec", { command: "echo " + "x".repeat(5000) }), "allow-once").then((t) => t.slice(0, 200) + " … " + t.slice(-150)));
}, 400_000);
