// The tools that OpenClaw brings itself, and those of the harnesses it runs (2026.9.6). Pure data.
import { all, type CatalogEntry, harmless, node } from "./classes.ts";

export const HOST_TOOLS: readonly CatalogEntry[] = [
  ["exec", { kind: "exec" }],
  ["nodes", node({ nodeless: ["status", "pending", "approve", "reject"], gatewayFiles: ["outPath"] })],
  ["computer", node({ commands: ["computer.act"], target: { param: "target", value: "node" } })],
  ["mobile_ui", node()],
  ...all(["read", "write", "edit", "apply_patch", "ls"], { kind: "files" }),
  // `image` is what `view_image` was called before.
  ...all(["view_image", "image", "pdf", "image_generate", "music_generate", "video_generate", "message"], {
    kind: "localFiles",
  }),
  ["process", { kind: "process" }],
  // The Codex harness's own shells, and the operator's shared terminal.
  ...all(["terminal", "gateway_exec", "gateway_process", "node_exec"], { kind: "gatewayShell" }),
  ["automations", { kind: "automations" }],
  ...all(["sessions_spawn", "sessions_send"], { kind: "spawn" }),
  // It takes no action: whatever it is told, it hands to an agent that changes config and plugins.
  ["openclaw", { kind: "gatewayConfig", reads: [] }],
  ["gateway", { kind: "gatewayConfig", reads: ["config.get", "config.schema.lookup"] }],
  ["plugins", { kind: "gatewayConfig", reads: ["list", "inspect", "search"] }],
  ["portal", { kind: "gatewayPort", reads: ["list", "close"] }],

  ...harmless(
    "asks or tells a person, or shows them something",
    ...["ask_user", "conversations_list", "conversations_send", "conversations_turn", "dashboard", "screen"],
    ...["theme", "progress_card", "show_widget", "heartbeat_respond", "suggest_task", "dismiss_task"],
  ),
  ...harmless(
    "is about agents and their sessions; what they run there are calls of their own, under their own rules",
    ...["agents_list", "agents_wait", "subagents", "session_status", "sessions", "sessions_history"],
    ...["sessions_list", "sessions_search", "sessions_yield", "structured_output", "spawn_agent"],
    ...["get_goal", "create_goal", "update_goal"],
  ),
  ...harmless(
    "is traffic of the gateway or of the model's provider, and no command",
    ...["web_fetch", "web_search", "transcripts", "tts"],
  ),
  ...harmless(
    "publishes the session's repository from the gateway, with hooks switched off and no command of the agent",
    ...["github_publish", "github_identity_status"],
  ),
  ...harmless("asks a person for a secret; no agent reads one", "secrets"),
  ...harmless("proposes skills, text that a person accepts", "skill_workshop"),
  ...harmless(
    "finds or runs other tools, and each of their calls is decided by itself",
    ...["tool_search", "tool_describe", "tool_call", "tool_search_code", "wait"],
  ),
  ...harmless(
    "is this plugin's own and decides by itself",
    "node_route",
    "node_process",
    "delegate",
    "delegation",
  ),
];
