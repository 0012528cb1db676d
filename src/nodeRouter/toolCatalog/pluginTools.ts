// The tools of the plugins that come with OpenClaw or are its own (2026.9.6). Pure data.
import { all, type CatalogEntry, harmless, node } from "./classes.ts";

/** In the package; the host's list is their manifests' `contracts.tools`. */
const BUNDLED: readonly CatalogEntry[] = [
  [
    "browser",
    node({
      commands: ["browser.proxy"],
      target: { param: "target", value: "node" },
      gatewayFiles: ["paths"],
    }),
  ],
  ["canvas", node()],
  ["node_inference", node()],
  ["file_fetch", node({ commands: ["file.fetch"] })],
  ["dir_list", node({ commands: ["dir.list"] })],
  ["dir_fetch", node({ commands: ["dir.fetch"] })],
  ["file_write", node({ commands: ["file.write"] })],
  // Rents cloud machines and runs commands there.
  [
    "crabbox",
    { kind: "otherMachine", reads: ["profiles", "status", "process_status", "process_stop", "stop"] },
  ],
  ...harmless("reads and writes notes of its own", ...["intent", "memory_get", "memory_search"]),
  ...harmless(
    "reads and writes notes of its own",
    ...["wiki_apply", "wiki_get", "wiki_lint", "wiki_search", "wiki_status"],
  ),
  ...harmless(
    "runs at the model's provider, which has the conversation anyway",
    ...["code_execution", "x_search", "llm-task", "talk_voice"],
  ),
  ...harmless("asks a password store; no command is the agent's", "onepassword"),
  ...harmless(
    "keeps a board of cards; the agents that work on one are under their own rules",
    ...["workboard_list", "workboard_create", "workboard_link", "workboard_read", "workboard_claim"],
    ...["workboard_heartbeat", "workboard_complete", "workboard_attachment_add", "workboard_attachment_read"],
    ...["workboard_attachment_delete", "workboard_block", "workboard_boards", "workboard_board_create"],
    ...["workboard_board_archive", "workboard_board_delete", "workboard_stats", "workboard_runs"],
    ...["workboard_specify", "workboard_decompose", "workboard_notify_subscribe", "workboard_notify_list"],
    ...["workboard_notify_events", "workboard_notify_advance", "workboard_notify_unsubscribe"],
    ...["workboard_promote", "workboard_reassign", "workboard_reclaim", "workboard_dispatch"],
    ...["workboard_release", "workboard_comment", "workboard_proof", "workboard_worker_log"],
    ...["workboard_protocol_violation", "workboard_unblock", "workboard_move"],
  ),
];

/** Not in the package: OpenClaw's official plugins whose tools start programs on the gateway. */
const OFFICIAL: readonly CatalogEntry[] = [
  // Lobster runs pipelines in the gateway's process; `exec --shell` is one of their steps.
  ["lobster", { kind: "gatewayShell" }],
  // Codex sessions on the gateway: what is sent to one is run there.
  ...all(["codex_threads", "codex_session_send"], { kind: "gatewayShell" }),
];

export const PLUGIN_TOOLS: readonly CatalogEntry[] = [...BUNDLED, ...OFFICIAL];

/** Official plugins through which an agent reaches programs on the gateway, by the id in `plugins.entries`. */
export const GATEWAY_PLUGINS: ReadonlyMap<string, readonly string[]> = new Map([
  ["acpx", ["sessions_spawn"]],
  ["codex", ["codex_threads", "codex_session_send"]],
  ["crabbox", ["crabbox"]],
  ["lobster", ["lobster"]],
]);
