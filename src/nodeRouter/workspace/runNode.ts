// The node of one run: decided once, and then the same until the run's last background job has ended.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { NodeRouterError } from "../../shared/errors.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { SessionPlace, Via } from "../policy/callDecision.ts";

export interface RunTarget {
  readonly node: ConfiguredNode;
  /** Fixed with the node: whatever gets its name later is another machine. */
  readonly via: Via;
  /** The workspace on the node, absolute. */
  readonly root: string;
  readonly rule: string | null;
}

export interface RunNode {
  /** Null while no node is decided. */
  readonly known: RunTarget | null;
  /**
   * The run's node. One that was refused is asked for again.
   * @throws NodeRouterError the refusal, as the agent reads it
   */
  current(): Promise<RunTarget>;
}

/**
 * @param place chooses the session's node.
 * @param root of a run that begins without a node: where it was told that it works. A node that fits later and has
 *   its workspace elsewhere is left to the next run, or else paths would change their meaning in mid-run.
 */
export function createTarget(first: SessionPlace, place: () => Promise<SessionPlace>, root: string): RunNode {
  let known = targetOf(first);
  return {
    get known() {
      return known;
    },
    async current() {
      if (known !== null) return known;
      const again = await place();
      if (known !== null) return known;
      if (!again.ok) throw new NodeRouterError(again.refusal);
      const found = targetOf(again);
      if (found === null || found.root !== root) {
        const fact = `no node fitted when this run began; ${quote(found?.node.name ?? "")} does now, and the next run works there. Nothing ran`;
        throw new NodeRouterError(refusal("WORKSPACE_UNAVAILABLE", fact));
      }
      known = found;
      return known;
    },
  };
}

function targetOf(placement: SessionPlace): RunTarget | null {
  if (!placement.ok) return null;
  const { node, via, root } = placement;
  return { node, via, root, rule: placement.placement.rule };
}
