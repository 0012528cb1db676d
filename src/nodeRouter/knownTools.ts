// Which names of tools anybody can mean: OpenClaw's own and its bundled plugins', this plugin's, and those of MCP servers.
import { didYouMean } from "../config/suggest.ts";
import { NodeRouterError } from "../errors.ts";
import { normalizeToolName } from "../hostNames.ts";
import { quote } from "../safeText.ts";
import { classifyTool } from "./toolCatalog.ts";

/** Of OpenClaw 2026.9.6, as far as the catalogue of tools that concern machines does not have them. */
const OTHER_TOOLS: readonly string[] = `
  acp agents_list agents_wait apply_patch ask_user browser canvas code_execution code_mode_exec computer
  conversations_list conversations_send conversations_turn crabbox create_goal dashboard dir_fetch dir_list
  dismiss_task edit exec file_fetch file_write gateway get_goal github_identity_status github_publish
  heartbeat_respond image image_generate intent llm-task lobster ls memory_get memory_search message
  mobile_ui music_generate node_inference node_process node_route nodes onepassword openclaw pdf plugins
  portal process progress_card read screen secrets session_status sessions sessions_history sessions_list
  sessions_search sessions_send sessions_spawn sessions_yield show_widget skill_workshop spawn_agent
  subagents suggest_task talk_voice terminal theme tool_call tool_search tts update_goal video_generate
  view_image web_fetch web_search wiki_apply wiki_get wiki_lint wiki_search wiki_status
  workboard_attachment_add workboard_attachment_delete workboard_attachment_read workboard_block
  workboard_board_archive workboard_board_create workboard_board_delete workboard_boards workboard_claim
  workboard_comment workboard_complete workboard_create workboard_decompose workboard_dispatch
  workboard_heartbeat workboard_link workboard_list workboard_move workboard_notify_advance
  workboard_notify_events workboard_notify_list workboard_notify_subscribe workboard_notify_unsubscribe
  workboard_promote workboard_proof workboard_protocol_violation workboard_read workboard_reassign
  workboard_reclaim workboard_release workboard_runs workboard_specify workboard_stats workboard_unblock
  workboard_worker_log write x_search
`
  .trim()
  .split(/\s+/);

/** How OpenClaw names the tools of MCP servers: `server__tool`. Which there are is not known here. */
const MCP_TOOL = /^[^\s]+__[^\s]+$/;

export function isKnownTool(name: string): boolean {
  return classifyTool(name) !== null || OTHER_TOOLS.includes(name) || MCP_TOOL.test(name);
}

/**
 * The tool that is meant, as OpenClaw calls it.
 * @param exists OpenClaw's own list has it, so it is one of another plugin.
 * @throws NodeRouterError TOOL_UNKNOWN
 */
export function toolNamed(written: string, exists = false): string {
  const name = normalizeToolName(written);
  if (exists || isKnownTool(name)) return name;
  const suggestion = didYouMean(name, OTHER_TOOLS);
  throw new NodeRouterError(
    "TOOL_UNKNOWN",
    `no tool ${quote(written)} is known${suggestion === null ? "; name it as the agent calls it" : `; ${suggestion}`}`,
  );
}
