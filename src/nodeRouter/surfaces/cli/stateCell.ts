// A state in its colour.
import type { PresenceState } from "../../../presence/record.ts";
import type { Cell, Color } from "./output.ts";

const COLORS: Readonly<Record<PresenceState, Color>> = {
  ready: "green",
  degraded: "yellow",
  stale: "yellow",
  offline: "red",
  unknown: "dim",
};

/** For a cell of `table`. */
export function stateCell(state: PresenceState): Cell {
  return { text: state, color: COLORS[state] };
}
