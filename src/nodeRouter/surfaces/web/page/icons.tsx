// One shape a state, so that nobody needs to tell colours apart: on the map, in the table and in the legend.
import type { PresenceState } from "../../../../presence/record.ts";

/** Drawn around 0,0 with a radius of about 7; the outline's colour is that of what lies behind. */
export const SHAPES: Readonly<Record<PresenceState | "gateway", string>> = {
  // A disc.
  ready: "M-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0z",
  // A warning triangle.
  degraded: "M0-7.5L7.5 6H-7.5z",
  // A ring: nothing new in it.
  stale: "M-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0zM-3.2 0a3.2 3.2 0 1 1 6.4 0a3.2 3.2 0 1 1-6.4 0z",
  // A cross.
  offline: "M-7-4.6L-4.6-7L0-2.4L4.6-7L7-4.6L2.4 0L7 4.6L4.6 7L0 2.4L-4.6 7L-7 4.6L-2.4 0z",
  // A diamond.
  unknown: "M0-7.5L7.5 0L0 7.5L-7.5 0z",
  // A square with a hole: the hub.
  gateway: "M-7-7H7V7H-7zM-3-3V3H3V-3z",
};

/** Around the shape of a state: it is another gateway's. Its hole has a radius of 9.5. */
const FRAME = "M-11.5-11.5H11.5V11.5H-11.5zM-9.5-9.5V9.5H9.5V-9.5z";

interface IconProps {
  readonly state: PresenceState | "gateway";
  /** In the frame of a peer. */
  readonly isPeer?: boolean;
}

/** The shape as a small picture in a line of text; decoration, the state is always written beside it. */
export function Icon({ state, isPeer = false }: IconProps) {
  return (
    <svg
      class="icon"
      viewBox={isPeer ? "-12 -12 24 24" : "-9 -9 18 18"}
      width={14}
      height={14}
      aria-hidden="true"
    >
      <path class={`shape ${state}`} d={SHAPES[state]} fill-rule="evenodd" />
      {isPeer && <Frame />}
    </svg>
  );
}

/** The frame of a peer, around 0. */
export function Frame() {
  return <path class="frame" d={FRAME} fill-rule="evenodd" />;
}
