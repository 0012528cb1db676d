// What would become of a task that an agent gives away now: the choice that a real one would get, and each peer's part.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { refusalText } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { choosePeerNow } from "../../delegation/peers/currentPeers.ts";
import { createReport, type ExplainReport } from "../../explain/report.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import type { Selector } from "../../placement/selector/selector.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { DELEGATE_TOOL } from "../../toolCatalog/toolNames.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";

/**
 * @param agent its id; @param params `{ to?, agentThere? }`: as the tool `delegate` takes them.
 * @throws UsageError
 */
export async function explainDelegation(
  deps: Pick<RouterDeps, "memory" | "now">,
  config: ResolvedConfig,
  agent: string,
  params: Params,
): Promise<ExplainReport> {
  const choice = await choosePeerNow(deps, config, {
    agent,
    agentThere: readTextParam(params, "agentThere"),
    to: selectorOf(readTextParam(params, "to")),
    heldBy: null,
    declined: new Map(),
  });
  const nowMs = deps.now();
  const told =
    choice.decision === null
      ? null
      : createReport(choice.decision, { mode: config.mode, takenAtMs: nowMs, nowMs });
  if (choice.kind === "chosen" && told !== null) return told;
  return {
    agent,
    tool: DELEGATE_TOOL,
    mode: config.mode,
    rule: choice.rule,
    candidates: told?.candidates ?? [],
    outcome: "refused",
    node: null,
    transport: null,
    binding: "exec",
    message: choice.kind === "refused" ? refusalText(choice.refusal) : "",
    snapshotAgeMs: 0,
  };
}

function selectorOf(text: string | null): Selector | null {
  if (text === null) return null;
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new UsageError(`to ${quote(text)} is no selector: ${parsed.message}`);
  return parsed.selector;
}
