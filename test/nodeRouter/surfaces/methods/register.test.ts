// What is registered, and what the page and metrics get of it.
import { expect, test, vi } from "vitest";
import { registerGatewayMethods } from "../../../../src/nodeRouter/surfaces/methods/register.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";

type Handler = (call: { params?: object; respond: (ok: boolean, answer: unknown) => void }) => Promise<void>;

function setUp() {
  const handlers = new Map<string, Handler>();
  const sessionTotals = vi.fn(() => ({ sessions: 7, tokens: null }));
  const deps = { ...fakeDeps({ hostConfig: { agents: { entries: { "worker-sg": {} } } } }), sessionTotals };
  const api = {
    version: "1.2.3",
    registerGatewayMethod: (name: string, handler: Handler) => void handlers.set(name, handler),
  };
  // Only what registering uses of it.
  return { handlers, sessionTotals, web: registerGatewayMethods(api as never, deps) };
}

test("the page and metrics have the same status without a look into any agent's sessions", async () => {
  const { handlers, sessionTotals, web } = setUp();
  const respond = vi.fn();
  const status = await web.status();
  expect(sessionTotals).not.toHaveBeenCalled();
  await handlers.get("noderouter.status")?.({ respond });
  expect(sessionTotals).toHaveBeenCalled();
  expect(respond).toHaveBeenCalledWith(true, {
    ...status,
    agents: status.agents.map((agent) => ({ ...agent, sessions: 7 })),
  });
});
