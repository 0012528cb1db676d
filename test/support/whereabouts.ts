// Proves where agents' commands run: an orchestrator spawns them, each prints the machine it is on.
import type { Gateway } from "./gatewayTypes.ts";

/** Where one agent's command ran. */
export interface Whereabouts {
  readonly agent: string;
  /** Name of the machine (`gateway` or a node host's name), or `none` when the command did not run. */
  readonly machine: string;
  readonly folder: string;
  /** What the agent read. */
  readonly result: string;
}

const PROBE = 'echo "machine=$WHOAMI folder=$PWD"';

/** Reads the answer of the probe command out of a tool result. */
export function whereaboutsOf(agent: string, result: string): Whereabouts {
  const [, machine = "none", folder = ""] = result.match(/machine=(\S+) folder=(\S+)/) ?? [];
  return { agent, machine, folder, result };
}

/** `orchestrator` spawns every worker at once with sessions_spawn; resolves when all have run the probe. */
export async function spawnAndLocate(
  gateway: Pick<Gateway, "agent" | "model">,
  orchestrator: string,
  workers: readonly string[],
): Promise<Whereabouts[]> {
  const task = `CALL exec ${JSON.stringify({ command: PROBE })}`;
  const calls = workers.map(
    (agentId) => `CALL tool_call ${JSON.stringify({ id: "sessions_spawn", args: { agentId, task } })}`,
  );
  const { results } = await gateway.agent(orchestrator, ["PARALLEL", ...calls, "END"].join("\n"));
  return Promise.all(
    workers.map(async (worker, index) => {
      const [, session] = results[index]?.match(/"childSessionKey": "([^"]+)"/) ?? [];
      if (!session)
        throw new Error(`${orchestrator} could not spawn ${worker}: ${results[index] ?? "no result"}`);
      const last = await gateway.model.waitFor(
        `the result of ${worker}`,
        (request) => request.session === session && request.results.length > 0,
      );
      return whereaboutsOf(worker, last.results.join("\n"));
    }),
  );
}
