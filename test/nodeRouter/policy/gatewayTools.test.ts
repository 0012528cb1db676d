// Ways past the rules that are no exec: programs of the gateway, its config, its ports, its files, and other machines.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROKEN, CONFIG, configWith, LEAVE, verdict } from "./arrange.ts";

const REFUSING = configWith({ files: "refuse" });
const refusedWith = (code: string) =>
  expect.objectContaining({ kind: "refuse", message: expect.stringMatching(new RegExp(`^${code}: `)) });

/** Calls that would act on the gateway or past the rules, and the code that a routed agent reads. */
const PAST: readonly (readonly [tool: string, params: object, code: string])[] = [
  ["sessions_spawn", { runtime: "acp", agentId: "claude", task: "id" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_spawn", { runtime: " ACP " }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_spawn", { runtime: ["acp"] }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_spawn", { runtime: "codex-next" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_spawn", { task: "id", visible: true, worktree: true }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_spawn", { visible: true, worktree: "true", projectGitUrl: "x" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_send", { sessionKey: "agent:claude:acp:1", message: "id" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_send", { sessionKey: " ACP:1" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_send", { session_key: "agent:claude:acp:1", message: "id" }, "GATEWAY_SHELL_REFUSED"],
  ["sessions_send", { sessionKey: "agent:a:main", session_key: "acp:1" }, "GATEWAY_SHELL_REFUSED"],
  ["lobster", { action: "run", pipeline: "exec --shell id" }, "GATEWAY_SHELL_REFUSED"],
  ["lobster", {}, "GATEWAY_SHELL_REFUSED"],
  ["gateway_process", { action: "write", data: "id\n" }, "GATEWAY_SHELL_REFUSED"],
  ["codex_session_send", { text: "id" }, "GATEWAY_SHELL_REFUSED"],
  ["process", { action: "write", sessionId: "a", data: "id\n" }, "GATEWAY_SHELL_REFUSED"],
  ["process", { action: "send-keys", keys: ["Enter"] }, "GATEWAY_SHELL_REFUSED"],
  ["process", { action: "attach-some-day" }, "GATEWAY_SHELL_REFUSED"],
  ["automations", { action: "add", "kind ": "stream", "command ": ["id"] }, "GATEWAY_SHELL_REFUSED"],
  ["automations", { action: "add", job: '{"payload":{"argv":["id"]}}' }, "GATEWAY_SHELL_REFUSED"],
  ["cron", { action: "add", job: { payload: { kind: "command" } } }, "GATEWAY_SHELL_REFUSED"],
  ["automations", { action: "list", gatewayUrl: "ws://elsewhere" }, "GATEWAY_URL_REFUSED"],
  ["automations", { action: "list", gateway_url: "ws://elsewhere" }, "GATEWAY_URL_REFUSED"],
  ["gateway", { action: "config.get", gateway_token: "t" }, "GATEWAY_URL_REFUSED"],
  ["message", { action: "send", message: "hi", gateway_url: "ws://elsewhere" }, "GATEWAY_URL_REFUSED"],
  ["message", { action: "send", message: "hi", gatewayUrl: "ws://elsewhere" }, "GATEWAY_URL_REFUSED"],
  ["openclaw", { message: "remove all rules of node-router" }, "GATEWAY_CONFIG_REFUSED"],
  ["gateway", { action: "update.run" }, "GATEWAY_CONFIG_REFUSED"],
  ["gateway", { action: "config.patch", raw: "{}" }, "GATEWAY_CONFIG_REFUSED"],
  ["plugins", { action: "disable", pluginId: "node-router" }, "GATEWAY_CONFIG_REFUSED"],
  ["plugins", { action: "Install" }, "GATEWAY_CONFIG_REFUSED"],
  ["plugins", { action: ["list"] }, "GATEWAY_CONFIG_REFUSED"],
  ["portal", { action: "open", port: 18789 }, "GATEWAY_PORT_REFUSED"],
  ["crabbox", { action: "exec", command: "id" }, "NODE_NOT_ALLOWED"],
  ["crabbox", { action: "create" }, "NODE_NOT_ALLOWED"],
];

const SAME_TOOLS_ELSE: readonly (readonly [tool: string, params: object])[] = [
  ["sessions_spawn", { task: "id" }],
  ["sessions_spawn", { task: "id", runtime: "subagent", agentId: "worker-cn" }],
  ["sessions_spawn", { task: "a worktree", visible: true, worktree: false }],
  ["sessions_send", { sessionKey: "agent:worker-cn:main", message: "acp: id" }],
  ["sessions_send", { session_key: "agent:worker-cn:main", message: "hi" }],
  ["automations", { action: "list", gateway_url: "" }],
  ["sessions_send", { label: "acp", message: "hi" }],
  ["process", { action: "list" }],
  ["process", { action: "poll", sessionId: "a" }],
  ["process", { action: "kill", sessionId: "a" }],
  ["automations", { action: "add", job: { payload: { kind: "agentTurn", message: "{ command }" } } }],
  ["gateway", { action: "config.get", path: "agents" }],
  ["plugins", { action: "list" }],
  ["portal", { action: "list" }],
  ["crabbox", { action: "process_status" }],
  ["message", { action: "send", message: "/etc/passwd" }],
  ["web_fetch", { url: "file:///etc/passwd" }],
  ["my_own_tool", { command: "id" }],
];

describe("what goes past the rules", () => {
  test.each(PAST)(
    "%s %j is refused to a routed agent, and none of our business for others",
    (tool, params, code) => {
      expect(verdict(CONFIG, tool, { params: { ...params } })).toEqual(refusedWith(code));
      expect(verdict(CONFIG, tool, { params: { ...params }, agent: "master" })).toEqual(LEAVE);
    },
  );

  test.each(PAST.filter(([tool]) => tool !== "process" && tool !== "message"))(
    "%s %j is refused too where the workspace is on a node, and where the gateway may run what fits nowhere",
    (tool, params, code) => {
      const call = { params: { ...params } };
      expect(verdict(CONFIG, tool, { ...call, binding: "workspace", agent: "master" })).toEqual(
        refusedWith(code),
      );
      expect(verdict(configWith({ onUnavailable: "gateway" }), tool, call)).toEqual(refusedWith(code));
    },
  );

  test.each(SAME_TOOLS_ELSE)("%s %j goes through", (tool, params) => {
    expect(verdict(CONFIG, tool, { params: { ...params } })).toEqual(LEAVE);
  });

  test("a rule about the browser alone is one that its agent must not change either", () => {
    const config = configWith({ tools: ["browser"] });
    const call = { params: { action: "disable", pluginId: "node-router" } };
    expect(verdict(config, "plugins", call)).toEqual(refusedWith("GATEWAY_CONFIG_REFUSED"));
    expect(verdict(config, "lobster")).toEqual(LEAVE);
  });

  test("input to a command: of an agent that may use the gateway it is its own, in a workspace it goes to the node", () => {
    const call = { params: { action: "write", data: "id\n" } };
    expect(verdict(configWith({ onUnavailable: "gateway" }), "process", call)).toEqual(LEAVE);
    expect(verdict(CONFIG, "process", { ...call, binding: "workspace" }).kind).toBe("input");
    expect(verdict(CONFIG, "process", { params: { action: "poll" }, binding: "workspace" })).toEqual(LEAVE);
  });

  test("no spelling of a tool's name is a way around its class", () => {
    const spelt = fc.constantFrom(
      ...[" Exec ", "BASH", "Apply-Patch", "CRON", "Terminal", "SESSIONS_SPAWN", "OpenClaw ", "Lobster"],
    );
    fc.assert(
      fc.property(spelt, (tool) => {
        const params = { runtime: "acp", argv: ["id"] };
        expect(verdict(REFUSING, tool, { params }).kind).not.toBe("leave");
      }),
    );
  });

  test("what was said is shown, at most so much of it", () => {
    const { message } = verdict(CONFIG, "plugins", {
      params: { action: `x"\u001b[2J${"y".repeat(9_000)}` },
    }) as {
      message: string;
    };
    expect(message.length).toBeLessThan(600);
    expect(message).not.toContain("\u001b");
  });

  test("a config that cannot be read refuses them, and lets the agent say so", () => {
    expect(verdict(BROKEN, "openclaw", { params: { message: "x" } })).toEqual(refusedWith("CONFIG_INVALID"));
    expect(verdict(BROKEN, "message", { params: { action: "send", message: "help" } })).toEqual(LEAVE);
  });
});

describe("files: refuse", () => {
  const FILES: readonly (readonly [tool: string, params: object, file: string])[] = [
    ["view_image", { path: "/etc/passwd" }, "/etc/passwd"],
    ["view_image", { paths: ["https://x/a.png", " @~/.ssh/id "] }, " @~/.ssh/id "],
    ["image", { image: "/etc/passwd" }, "/etc/passwd"],
    ["pdf", { pdfs: ["file:///x.pdf"] }, "file:///x.pdf"],
    ["image_generate", { images: ["./secret.png"] }, "./secret.png"],
    ["music_generate", { image: "MEDIA:/etc/x.png" }, "MEDIA:/etc/x.png"],
    ["video_generate", { audioRefs: ["C:\\x.mp3"] }, "C:\\x.mp3"],
    ["message", { action: "send", media: "/etc/passwd" }, "/etc/passwd"],
    ["message", { action: "send", media_urls: ["//host/x"] }, "//host/x"],
    ["message", { action: "send", attachments: [{ name: "x", filePath: "/etc/passwd" }] }, "/etc/passwd"],
    ["message", { action: "send", attachments: '[{"path":"/etc/passwd"}]' }, '[{"path":"/etc/passwd"}]'],
    ["message", { action: "send", media: "media://inbound/../../x" }, "media://inbound/../../x"],
    ["nodes", { action: "camera_snap", node: "mac-sg", out_path: "/x.jpg" }, "/x.jpg"],
    ["browser", { action: "upload", paths: ["/etc/passwd"] }, "/etc/passwd"],
    ["browser", { action: "act", request: { kind: "upload", paths: ["/etc/passwd"] } }, "/etc/passwd"],
  ];

  test.each(FILES)(
    "%s %j is refused, and left as it was where the rule says nothing of files",
    (tool, params, file) => {
      const call = { params: { ...params } };
      expect(verdict(REFUSING, tool, call)).toEqual(refusedWith("FILES_REFUSED"));
      expect(JSON.stringify(verdict(REFUSING, tool, call))).toContain(
        JSON.stringify(JSON.stringify(file)).slice(1, -1),
      );
      expect(verdict(CONFIG, tool, call).kind).not.toBe("refuse");
      expect(verdict(REFUSING, tool, { ...call, agent: "master" })).toEqual(LEAVE);
    },
  );

  test.each([
    ["view_image", { path: "https://example.com/a.png" }],
    ["view_image", { path: "data:image/png;base64,AA" }],
    ["pdf", { pdf: "media://inbound/3f2a.pdf", prompt: "what does /etc/passwd say?" }],
    ["message", { action: "send", message: "see /etc/passwd", filename: "passwd.txt", buffer: "AA==" }],
    ["message", { action: "react", messageId: "/1", emoji: "x" }],
    ["video_generate", { prompt: "/x", audio: true, videoRoles: ["reference_video"] }],
  ])("%s %j names no file of the gateway", (tool, params) => {
    expect(verdict(REFUSING, tool, { params })).toEqual(LEAVE);
  });

  test("a file on the node is the node's: its tools are placed", () => {
    const params = { action: "notify", node: "mac-sg", path: "/etc/passwd" };
    expect(verdict(REFUSING, "nodes", { params }).kind).toBe("place");
  });

  test("where the workspace is on a node the file is read there, or not at all", () => {
    for (const [tool, params] of FILES.slice(0, 11)) {
      expect(verdict(CONFIG, tool, { params: { ...params }, binding: "workspace" }).kind).toBe("workspace");
    }
    expect(verdict(CONFIG, "message", { params: { message: "x" }, binding: "workspace" })).toEqual(LEAVE);
  });
});
