// The routes as a client sees them: what is answered to whom, and with which headers.
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call, hostileFleet, NOW_MS, smallEvents, smallFleet, smallPeers, transition } from "./fleet.ts";
import { KEY, startWebServer, type WebServer } from "./server.ts";
import { smallUsage } from "./usageSample.ts";

let server: WebServer;
beforeAll(async () => {
  server = await startWebServer();
});
afterAll(() => server?.stop());
afterEach(() => server.reset());

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.origin}/plugins/node-router${path}`, { redirect: "manual", ...init });

/** What an error or a report may not say twice a day: it is read as unknown, then narrowed by the assertions. */
const json = async (answer: Response): Promise<Record<string, unknown>> => {
  const body: unknown = await answer.json();
  if (typeof body !== "object" || body === null) throw new Error("no JSON object");
  return { ...body };
};

describe("peers", () => {
  test("come with the page's data, without the counts that only metrics show; null where none is configured", async () => {
    const none = await json(await ask("/nodes.json"));
    expect(none.peers).toBeNull();
    server.peers = smallPeers();
    const { peers, delegations, left } = smallPeers();
    expect((await json(await ask("/nodes.json"))).peers).toEqual({ peers, delegations, left });
    expect(await (await ask("/metrics")).text()).toContain('openclaw_node_router_peer_up{peer="gw-sg"} 1');
  });

  test("that cannot be told hide no node", async () => {
    server.peers = new Error("broken");
    const data = await json(await ask("/nodes.json"));
    expect(data).toMatchObject({ peers: null, nodes: expect.arrayContaining([expect.anything()]) });
    expect((await ask("/metrics")).status).toBe(200);
  });
});

describe("usage", () => {
  test("comes with the data of those who ask for it, and with metrics", async () => {
    server.usage = smallUsage();
    expect((await json(await ask("/nodes.json"))).usage).toBeNull();
    expect((await json(await ask("/nodes.json?usage"))).usage).toEqual(smallUsage());
    expect(await (await ask("/metrics")).text()).toContain("openclaw_node_router_usage_tokens{");
  });

  test("that cannot be counted hides no node", async () => {
    server.usage = new Error("broken");
    expect((await json(await ask("/nodes.json?usage"))).usage).toBeNull();
    expect((await ask("/metrics")).status).toBe(200);
  });
});

describe("every route", () => {
  test.each([
    ["/nodes", "text/html; charset=utf-8"],
    ["/nodes.json", "application/json; charset=utf-8"],
    ["/metrics", "text/plain; version=0.0.4; charset=utf-8"],
  ])(
    "%s is %s, is not guessed at, tells nobody where one came from, and is read by no other site",
    async (path, type) => {
      const answer = await ask(path);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect((await answer.text()).length).toBeGreaterThan(100);
    },
  );

  test.each(["/nodes", "/nodes.json", "/metrics"])("HEAD of %s has the headers and no body", async (path) => {
    const [head, get] = await Promise.all([ask(path, { method: "HEAD" }), ask(path)]);
    expect(await head.text()).toBe("");
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(await get.text())));
    expect(head.headers.get("content-security-policy")).toBe(get.headers.get("content-security-policy"));
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "%s changes nothing and is refused",
    async (method) => {
      for (const path of ["/nodes", "/nodes.json", "/metrics", "/nothing"]) {
        const answer = await ask(path, { method });
        expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      }
      expect(server.errors).toEqual([]);
    },
  );

  test.each([
    "/nothing",
    "/nodes/",
    "/nodes.json/x",
    "/%6eodes.json",
    "/constructor",
    "/__proto__",
    "s",
    "-x/nodes",
  ])("%s is nothing, and the answer names what there is", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("/plugins/node-router/nodes.json");
  });

  test.each(["", "/"])("the root %j leads to the page", async (path) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "/plugins/node-router/nodes"]);
  });
});

/** The texts of the elements of this kind. */
const textsOf = (html: string, tag: "script" | "style"): readonly string[] =>
  [...html.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([\\s\\S]*?)</${tag}>`, "g"))].map(
    ([, text = ""]) => text,
  );

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

describe("the page", () => {
  test("runs its own script and no other, shows nothing from elsewhere, and stands in no other site's frame", async () => {
    const answer = await ask("/nodes");
    const policy = (answer.headers.get("content-security-policy") ?? "").split("; ");
    const html = await answer.text();
    const [data = "", script = "", ...others] = textsOf(html, "script");
    expect(others).toEqual([]);
    expect(policy).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(script)}`,
      `style-src ${hashOf(textsOf(html, "style")[0] ?? "")}`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    const bare = html.replace(script, "").replace(data, "");
    expect(bare).not.toMatch(/\sstyle=|\son\w+=|https?:|\ssrc=|<!--/);
    expect(bare).toContain(`name="node-router-key" content="${KEY}"`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("is all in one answer, because a frame without cookies can ask for no files, and small", async () => {
    const html = await (await ask("/nodes")).text();
    expect(html).not.toMatch(/<link rel="stylesheet"|<script [^>]*src=/);
    expect(html.length).toBeLessThan(160_000);
  });

  test("comes with its data, in which no name can end the element that holds it", async () => {
    server.nodes = hostileFleet();
    const html = await (await ask("/nodes")).text();
    const [data = ""] = textsOf(html, "script");
    expect(data).not.toContain("<");
    expect(JSON.parse(data)).toMatchObject({
      nowMs: NOW_MS,
      detail: "",
      nodes: hostileFleet().nodes.map(({ name }) => ({ name })),
    });
    expect(
      JSON.parse(textsOf(await (await ask("/nodes?detail=__proto__")).text(), "script")[0] ?? ""),
    ).toMatchObject({ detail: "__proto__" });
  });

  test("that loads itself anew has its theme from the first moment on, and no other word is put in", async () => {
    const head = async (query: string) => /<html[^>]*>/.exec(await (await ask(`/nodes${query}`)).text())?.[0];
    expect(await head("?theme=dark")).toBe('<html lang="en" data-theme="dark">');
    expect(await head("?theme=%22onload=x")).toBe('<html lang="en">');
    expect(await head("")).toBe('<html lang="en">');
  });

  test("is there without a report, and says why there is none", async () => {
    server.nodes = new Error("INVENTORY_UNAVAILABLE: </script><script>no</script>");
    const answer = await ask("/nodes");
    expect(answer.status).toBe(200);
    expect(JSON.parse(textsOf(await answer.text(), "script")[0] ?? "")).toEqual({
      error: "INVENTORY_UNAVAILABLE: </script><script>no</script>",
    });
    expect(server.errors).toHaveLength(1);
  });
});

describe("nodes.json", () => {
  test("is the nodes report, with who is routed where, what changed, and the gateway's clock", async () => {
    const data = await json(await ask("/nodes.json"));
    expect(data).toMatchObject({
      nowMs: NOW_MS,
      mode: "enforce",
      detail: null,
      gateway: { place: { city: "Shanghai" } },
      attributions: ["IP Geolocation by DB-IP (https://db-ip.com)"],
    });
    expect(data.nodes).toEqual(JSON.parse(JSON.stringify(smallFleet().nodes)));
    expect(data.events).toEqual(smallEvents());
    expect(data.agents).toContainEqual({
      agent: "worker-sg",
      rule: "rule-mac-sg",
      outcome: "placed",
      node: "mac-sg",
      transport: "node",
      binding: "workspace",
      guard: "guarded",
      message: '"mac-sg" was chosen',
    });
  });

  test("with a detail only that node carries its facts, and no node loses what the table shows", async () => {
    const [all, one, none] = await Promise.all(
      ["/nodes.json", "/nodes.json?detail=mac-sg", "/nodes.json?detail="].map(async (path) =>
        json(await ask(path)),
      ),
    );
    const factsOf = (data: Record<string, unknown> | undefined): readonly unknown[] =>
      Array.isArray(data?.nodes) ? data.nodes.filter((node) => Object.keys(node.facts).length > 0) : [];
    expect(factsOf(all)).toHaveLength(1);
    expect(factsOf(one)).toEqual(factsOf(all));
    expect(factsOf(none)).toEqual([]);
    const shown = { name: "mac-cn", resources: { cpuCount: 10 }, reach: { node: { rttMs: 0.6 } } };
    expect(none?.nodes).toContainEqual(expect.objectContaining({ name: shown.name }));
    expect(none).toMatchObject({
      nodes: expect.arrayContaining([expect.objectContaining({ place: smallFleet().gateway.place })]),
    });
  });

  test("carries the last calls of the asked node, what its agents were refused, and all refusals with their reasons", async () => {
    const one = (id: string, change: object) => ({
      id,
      at: "2026-11-30T01:31:11.482Z",
      agent: "worker-sg",
      session: null,
      tool: "exec",
      rule: "r",
      outcome: "ran" as const,
      node: "mac-sg",
      transport: "node" as const,
      place: null,
      code: null,
      ms: 5,
      reason: null,
      ...change,
    });
    const refused = { node: null, outcome: "refused" as const, code: "NO_NODE_FITS", reason: "why" };
    server.calls = [
      one("here", {}),
      one("there", { node: "mac-cn", agent: "worker-cn" }),
      one("refused here", refused),
      one("refused there", { ...refused, agent: "worker-cn" }),
      ...Array.from({ length: 30 }, (_, index) => one(`older ${index}`, {})),
    ];
    const data = await json(await ask("/nodes.json?detail=mac-sg"));
    const ids = (rows: unknown) => (Array.isArray(rows) ? rows.map(({ id }) => id) : []);
    expect(ids(data.calls)).toHaveLength(10);
    expect(ids(data.calls).slice(0, 3)).toEqual(["here", "refused here", "older 0"]);
    expect(ids(data.refusals)).toEqual(["refused here", "refused there"]);
    expect(data.refusals).toMatchObject([{ reason: "why" }, {}]);
    server.calls = new Error("EACCES");
    expect(await json(await ask("/nodes.json?detail=mac-sg"))).toMatchObject({ calls: [], refusals: [] });
  });

  test("carries the newest 20 calls, whatever became of them and whoever is looked at", async () => {
    server.calls = Array.from({ length: 30 }, (_, index) => call({ id: `call ${index}` }));
    const { recent } = await json(await ask("/nodes.json?detail="));
    expect(recent).toEqual(server.calls.slice(0, 20));
  });

  test("explains the asked agent and nobody else, with the nodes that fit first, and survives one that left", async () => {
    const candidate = (node: string, fits: boolean) => {
      return { node, fits, reason: fits ? null : "was offline", score: null, scores: {} };
    };
    server.explained = {
      agent: "",
      tool: "exec",
      mode: "enforce",
      rule: "r",
      outcome: "placed",
      node: "z",
      transport: "node",
      binding: "exec",
      message: "m",
      candidates: [
        ...Array.from({ length: 60 }, (_, index) => candidate(`a${index}`, false)),
        candidate("z", true),
      ],
      snapshotAgeMs: 0,
    };
    const data = await json(await ask("/nodes.json?agent=worker-sg"));
    expect(data).toMatchObject({ explained: { agent: "worker-sg" } });
    expect(JSON.stringify(data.explained)).toContain('"candidates":[{"node":"z","fits":true');
    expect(JSON.stringify(data.explained).match(/"fits"/g)).toHaveLength(50);
    expect((await json(await ask("/nodes.json"))).explained).toBeNull();
    expect(await json(await ask("/nodes.json?agent=worker-sg&down=z"))).toMatchObject({
      explained: { supposed: ["node z is down"] },
    });
    server.explained = null;
    expect(await json(await ask("/nodes.json?agent=gone"))).toMatchObject({
      explained: null,
      mode: "enforce",
    });
  });

  test("has the doctor's errors and warnings, asked no more often than every 30 s, and null where he cannot be", async () => {
    const finding = (severity: "error" | "warning" | "info") => {
      return { id: `node-router/${severity}`, severity, message: "m", path: null, fix: "f" };
    };
    server.nowMs = NOW_MS + 60_000;
    server.findings = [finding("error"), finding("warning"), finding("info")];
    const ids = async () => {
      const { findings } = await json(await ask("/nodes.json"));
      return Array.isArray(findings) ? findings.map(({ id }) => id) : findings;
    };
    expect(await ids()).toEqual(["node-router/error", "node-router/warning"]);
    const before = server.examined;
    server.findings = new Error("broken");
    server.nowMs += 29_999;
    expect(await ids()).toHaveLength(2);
    server.nowMs += 1;
    expect(await ids()).toBeNull();
    expect(server.examined).toBe(before + 1);
  });

  test("carries the newest 50 changes and not the history of a year", async () => {
    server.events = Array.from({ length: 500 }, (_, index) => transition({ atMs: NOW_MS - index }));
    const { events } = await json(await ask("/nodes.json"));
    expect(events).toEqual(server.events.slice(0, 50));
  });

  test("says why there is no report, without a stack, and tells the log", async () => {
    server.nodes = new Error(
      "INVENTORY_UNAVAILABLE: the node list cannot be read\n    at secret (file.ts:1)",
    );
    const answer = await ask("/nodes.json");
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: "INVENTORY_UNAVAILABLE: the node list cannot be read" },
    ]);
    expect(server.errors).toHaveLength(1);
    const metrics = await ask("/metrics");
    expect([metrics.status, await metrics.text()]).toEqual([
      503,
      "INVENTORY_UNAVAILABLE: the node list cannot be read\n",
    ]);
  });
});

describe("who may read nodes.json from a page", () => {
  const readers = async (origin: string | null, query: string): Promise<string | null> => {
    const answer = await ask(`/nodes.json${query}`, { headers: origin === null ? {} : { Origin: origin } });
    expect(answer.headers.get("vary")).toBe("Origin");
    return answer.headers.get("access-control-allow-origin");
  };

  test("the page in the Control UI's sandboxed frame, which has no origin, by its key", async () => {
    expect(await readers("null", `?key=${KEY}`)).toBe("null");
  });

  test.each([
    ["another sandboxed frame, which does not know the key", "null", ""],
    ["one that guesses", "null", `?key=${"x".repeat(KEY.length)}`],
    ["one that guesses shorter", "null", "?key=k"],
    ["a web site, even with the key", "https://example.com", `?key=${KEY}`],
    ["nobody asks for it from a script or a terminal", null, `?key=${KEY}`],
  ])("not %s", async (_who, origin, query) => {
    expect(await readers(origin, query)).toBeNull();
  });

  test("a failure is told to the page as well, and to nobody else", async () => {
    server.nodes = new Error("NOT_STARTED: later");
    expect(await readers("null", `?key=${KEY}`)).toBe("null");
    expect(await readers("null", "")).toBeNull();
  });

  test("metrics are for no page at all", async () => {
    const answer = await ask(`/metrics?key=${KEY}`, { headers: { Origin: "null" } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});
