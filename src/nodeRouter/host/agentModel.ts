// Which model an agent is configured with. Pure; the config is `unknown`.
import { isRecord } from "../../shared/isRecord.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import { agentSetting } from "./hostConfig.ts";

/** `agents.entries.<id>.model`, else the default for all agents; of the object form its `primary`. Null: OpenClaw's own. */
export function modelOf(hostConfig: unknown, agent: string): string | null {
  const setting = agentSetting(hostConfig, agent, "model");
  return trimmedText(isRecord(setting) ? setting.primary : setting);
}
