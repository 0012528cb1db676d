// Whether nodes may be closed to calls without a rule right now: by what is known before any node was listed.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { CORDONS } from "../inventory/cordons.ts";
import { closesUnnamed } from "../policy/untolerated.ts";

/** Asks nobody; what another process wrote of cordons since is looked for meanwhile, and seen by the next call. */
export function mayCloseNodes(memory: Memory, config: ResolvedConfig): boolean {
  const cordons = memory.part(CORDONS);
  void cordons.ready();
  const { records, problem } = cordons.view();
  return closesUnnamed(config) || problem !== null || records.size > 0;
}
