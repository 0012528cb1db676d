// A marker of the map: the gateway, a peer, a node, or a group of nodes that stand in one place.
import { safe } from "../../../../shared/safeText.ts";
import type { NodesData } from "../data.ts";
import { placeName, roundTrip } from "./format.ts";
import { Frame, SHAPES } from "./icons.tsx";
import { cut } from "./labels.ts";
import { type Marker, PEER } from "./mapShapes.ts";
import { countShownStates } from "./rows.ts";

interface MarkerProps {
  readonly marker: Marker;
  readonly data: NodesData;
  readonly isSelected: boolean;
  /** One that stands for several nodes names them all. */
  readonly onSelect: (names: readonly string[]) => void;
  readonly onFocus: () => void;
}

/** Nodes and groups are buttons; the gateway and peers are pictures. */
export function MapMarker({ marker, data, isSelected, onSelect, onFocus }: MarkerProps) {
  const { kind, key, state, names, x, y } = marker;
  const text = markerText(marker, data);
  const isButton = kind === "node" || kind === "group";
  const select = (): void => onSelect(names);
  const form = state ?? "gateway";
  return (
    <g
      class={`marker ${kind} ${state ?? ""} ${isSelected ? "selected" : ""}`}
      transform={`translate(${x} ${y})`}
      aria-label={text}
      {...(isButton
        ? {
            role: "button",
            tabindex: 0,
            "data-focus": `marker ${key}`,
            onClick: select,
            onFocus,
            onKeyDown: (event: KeyboardEvent) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              select();
            },
          }
        : { role: "img" })}
    >
      <circle class="halo" r={13} />
      {kind === "group" ? (
        <>
          <path class="plate" d={CIRCLE} />
          <StateRing marker={marker} />
          <text class="number" y={4} text-anchor="middle" aria-hidden="true">
            {names.length}
          </text>
        </>
      ) : (
        <path class={`shape ${form}`} d={SHAPES[form]} fill-rule="evenodd" />
      )}
      {kind === "peer" && <Frame />}
      <title>{text}</title>
    </g>
  );
}

/** Radius of a counted group's ring. */
const RING = 14;
const CIRCLE = `M-${RING} 0a${RING} ${RING} 0 1 0 ${2 * RING} 0a${RING} ${RING} 0 1 0-${2 * RING} 0z`;

/** A ring whose parts are as large as the shares of the states. */
function StateRing({ marker: { names, counts } }: { readonly marker: Marker }) {
  let start = 0;
  return (
    <>
      {counts.map(([state, count]) => {
        const [share, offset] = [count / names.length, -start];
        start += share;
        // Dashes of which only one falls on the ring: where this state's part is.
        return (
          <path
            key={state}
            class={`ring ${state}`}
            d={CIRCLE}
            pathLength={1}
            stroke-dasharray={`${share} ${1 - share}`}
            stroke-dashoffset={offset}
          />
        );
      })}
    </>
  );
}

function markerText({ kind, names, key }: Marker, data: NodesData): string {
  if (kind === "gateway") return `Gateway, ${placeName(data.gateway.place)}`;
  if (kind === "group") {
    const members = data.nodes.filter(({ name }) => names.includes(name));
    const states = [...countShownStates(members)].map(([state, count]) => `${count} ${state}`);
    return `${names.length} nodes in one place, ${placeName(members[0]?.place ?? null)}: ${states.join(", ")}`;
  }
  if (kind === "peer") {
    const name = key.replace(PEER, "");
    const peer = data.peers?.peers.find((one) => one.name === name);
    const known = [
      peer?.state,
      placeName(peer?.place ?? null),
      peer?.rttMs == null ? null : roundTrip(peer.rttMs),
    ];
    return [`Peer ${cut(name, 100)}`, ...known.filter((part) => part != null)].map(safe).join(", ");
  }
  const node = data.nodes.find(({ name }) => name === key);
  if (node === undefined) return safe(cut(key, 100));
  const agents =
    node.agents.length === 0 ? [] : [`agents ${node.agents.map((agent) => cut(agent)).join(", ")}`];
  const trip = node.rttMs === null ? [] : [roundTrip(node.rttMs)];
  return [safe(cut(key, 100)), node.state, placeName(node.place), ...trip, ...agents].map(safe).join(", ");
}
