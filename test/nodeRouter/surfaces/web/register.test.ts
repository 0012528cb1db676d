// What the host is told of the tab and its routes.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { describe, expect, test } from "vitest";
import { isPageKey, PAGE_KEY } from "../../../../src/nodeRouter/surfaces/web/pageKey.ts";
import { builtAssets, registerWeb } from "../../../../src/nodeRouter/surfaces/web/register.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { smallFleet, statusFor } from "./fleet.ts";

function register() {
  const routes: Record<string, unknown>[] = [];
  const tabs: Record<string, unknown>[] = [];
  const api = {
    registerHttpRoute: (route: object) => void routes.push({ ...route }),
    session: { controls: { registerControlUiDescriptor: (tab: object) => void tabs.push({ ...tab }) } },
  };
  // The host's own type has hundreds of members; these are the ones that are called.
  registerWeb(api as unknown as OpenClawPluginApi, fakeDeps(), {
    nodes: async () => smallFleet(),
    status: async () => statusFor(smallFleet()),
    events: () => [],
  });
  return { routes, tabs };
}

describe("registerWeb", () => {
  test("one route with the gateway's own authentication covers the tab's page, its files and its data", () => {
    const { routes, tabs } = register();
    expect(routes).toMatchObject([{ path: "/plugins/node-router", match: "prefix", auth: "gateway" }]);
    expect(tabs).toMatchObject([
      { surface: "tab", id: "nodes", label: "Nodes", requiredScopes: ["operator.read"] },
    ]);
    expect(String(tabs[0]?.path).startsWith(`${String(routes[0]?.path)}/`)).toBe(true);
  });

  test("makes no page and asks no report before somebody looks", async () => {
    expect(register).not.toThrow();
    await expect(builtAssets()).rejects.toThrow("npm run build"); // in the source there is none
  });
});

describe("the page's key", () => {
  test("is the same for every instance of the module in the process, long, and compared whole", () => {
    const { memory } = fakeDeps();
    const key = memory.part(PAGE_KEY);
    expect(memory.part({ ...PAGE_KEY })).toBe(key);
    expect(fakeDeps().memory.part(PAGE_KEY)).not.toBe(key);
    expect(key.length).toBeGreaterThanOrEqual(32);
    expect(isPageKey(key, key)).toBe(true);
    for (const wrong of [null, "", key.slice(1), `${key}x`, key.toUpperCase(), "é".repeat(key.length)])
      expect(isPageKey(wrong, key)).toBe(false);
  });
});
