// Runs one task of a set-up on a machine that need not be in the config yet, over a connection of its own.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import type { Logger } from "../../shared/logger.ts";
import { refusalLine } from "../../shared/refusal.ts";
import { safe } from "../../shared/safeText.ts";
import { collect } from "../transports/collect.ts";
import type { PoolConnectResult } from "../transports/ssh/pool/poolOptions.ts";
import { createSshTransport } from "../transports/ssh/sshTransport.ts";
import type { TaskScript } from "./nodeTasks.ts";
import type { TaskAnswer } from "./setupGateway.ts";

export interface OnNodeDeps {
  readonly connect: (node: ConfiguredNode, signal: AbortSignal) => Promise<PoolConnectResult>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
}

const MAX_STDOUT = 1 << 18;
/** Of what a program says in an error. */
const MAX_WORDS = 600;

/** Never rejects for what the machine does. @param input its whole stdin. */
export async function runOnNode(
  node: ConfiguredNode,
  { script, deadlineMs }: TaskScript,
  args: readonly string[],
  input: Buffer,
  deps: OnNodeDeps,
): Promise<TaskAnswer> {
  const transport = createSshTransport({
    settings: () => node,
    connect: deps.connect,
    now: deps.now,
    log: deps.log,
    limits: { connections: 1, warm: 1 },
  });
  try {
    const command = transport.start(node.name, { script, args, input });
    const limits = { maxStdout: MAX_STDOUT, deadlineMs, onExcess: "end" } as const;
    const { outcome, stdout, stderr, givenUp } = await collect(command, limits, input.length);
    const answer = (problem: string | null): TaskAnswer => ({
      ok: problem === null,
      stdout: stdout.toString("utf8"),
      problem,
    });
    if (outcome.kind === "notStarted") return answer(refusalLine(outcome));
    if (typeof givenUp === "string") return answer(givenUp);
    if (outcome.kind === "unknown") return answer(refusalLine(outcome));
    if (outcome.exitCode === 0) return answer(null);
    const said = safe(stderr.toString("utf8").trim().slice(-MAX_WORDS)).trim();
    const how = outcome.signal === null ? `code ${outcome.exitCode}` : `signal ${safe(outcome.signal)}`;
    return answer(`it ended with ${how}${said === "" ? "" : `: ${said}`}`);
  } finally {
    transport.destroy();
  }
}
