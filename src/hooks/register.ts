// The host's hooks that this plugin uses, in the order in which a call meets them.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { keepResults, publishResultHandler } from "../nodeRouter/host/resultSeam.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { agentText } from "../shared/refusal.ts";
import { createAfterToolCall } from "./afterToolCall.ts";
import { createBeforeToolCall, LAST_PRIORITY } from "./beforeToolCall.ts";
import { createExecEnvGate } from "./execEnvGate.ts";
import { createModelCallHook } from "./modelCalls.ts";
import { createNodeInvokePolicy, GUARDED_COMMANDS } from "./nodeInvokePolicy.ts";
import { createPromptLine } from "./promptLine.ts";
import { createResultMiddleware } from "./resultMiddleware.ts";
import { createToolPolicy } from "./toolPolicy.ts";
import { mayAddToPrompt } from "./workspacePrompt.ts";

const PLUGIN_ID = "node-router";

/** The policy has no time limit in the host; ours is bounded by the time the node list may take. */
export function registerHooks(api: OpenClawPluginApi, deps: RouterDeps): void {
  const policy = createToolPolicy(deps);

  const noteModelCall = createModelCallHook(deps.memory);
  api.on("model_call_started", noteModelCall);
  api.on("model_call_ended", noteModelCall);

  api.registerTrustedToolPolicy({
    id: "node-router",
    description: "Places tool calls on nodes by tags and rules, and refuses what fits nowhere.",
    evaluate(event, context) {
      keepResults(deps.memory, PLUGIN_ID);
      return policy(event, context);
    },
  });
  api.on("before_tool_call", createBeforeToolCall(deps, policy), { priority: LAST_PRIORITY });
  api.on("resolve_exec_env", createExecEnvGate(deps), { priority: LAST_PRIORITY });

  const refuseRun = createNodeInvokePolicy(deps);
  api.registerNodeInvokePolicy({
    commands: GUARDED_COMMANDS,
    async handle(invocation) {
      const refusal = await refuseRun(invocation);
      return refusal === null
        ? invocation.invokeNode()
        : { ok: false, code: refusal.code, message: agentText(refusal) };
    },
  });

  // The host blocks it without the grant, and says so in its diagnostics at every start.
  if (mayAddToPrompt(deps.hostConfig())) api.on("before_prompt_build", createPromptLine(deps));

  api.on("after_tool_call", createAfterToolCall(deps));
  const changeResult = createResultMiddleware(deps);
  api.registerAgentToolResultMiddleware(changeResult, { runtimes: ["openclaw"] });
  // The others come and go with every reload of anything.
  if (api.registrationMode === "full") publishResultHandler(deps.memory, changeResult);
}
