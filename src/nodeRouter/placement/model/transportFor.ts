// Which transport can carry which binding.
import type { Binding, Transport } from "../../../shared/types.ts";

/** The host runs `exec` on a node over its own protocol only; a workspace's files are reached over SSH only. */
export function transportFor(binding: Binding): Transport {
  return binding === "exec" ? "node" : "ssh";
}
