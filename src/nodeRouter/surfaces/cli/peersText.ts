// What `peers` shows in a terminal. Pure.
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import type { PeerReport, PeersReport } from "../reports/peersReport.ts";
import { type Cell, COLUMNS, type Color, DASH, table, textLines } from "./output.ts";

const HEADER = ["PEER", "STATE", "RTT", "PLACE", "AGENTS", "THERE", "HERE", "WHY"];

const COLORS: Readonly<Record<PeerReport["state"], Color | null>> = {
  online: "green",
  offline: "red",
  unusable: "red",
  unknown: "yellow",
  inbound: null,
};

/** @param columns width of the terminal. `gateway` null: of the peers alone. */
export function peersText(
  { gateway, peers }: Pick<PeersReport, "peers"> & { readonly gateway: PeersReport["gateway"] | null },
  columns: number = COLUMNS,
): string {
  const rows = () =>
    table(HEADER, peers.map(cells), { columns, drop: ["PLACE", "HERE", "RTT"], wrapLast: true });
  if (gateway === null) return rows();
  const self = `This gateway is ${quote(gateway.name)}${gateway.id === null ? "" : ` (${gateway.id})`}.`;
  const lines = (text: string) => textLines(text, columns).join("\n");
  if (peers.length === 0)
    return `${lines(self)}\n${lines('No peer is configured. "openclaw node-router peers invite <name>" lets one in.')}`;
  return `${rows()}\n\n${lines(self)}`;
}

function cells(peer: PeerReport): Cell[] {
  const { name, state, rttMs, location, agents, there, here, why, cordon, draining } = peer;
  const color = COLORS[state];
  return [
    nameText(name),
    color === null ? state : { text: state, color },
    rttMs === null ? DASH : `${rttMs} ms`,
    placeLabel(location) ?? DASH,
    agents === null ? DASH : agents.map(nameText).join(", ") || "none",
    load(there),
    load(here),
    [
      why === null ? null : safe(why),
      draining === true ? "it is draining" : null,
      cordon === null ? null : cordonText(cordon),
    ]
      .filter((part) => part !== null)
      .join(" · "),
  ];
}

/** `1/2 +3`: one of two runs, three wait. */
function load(of: PeerReport["there"]): string {
  if (of === null) return DASH;
  return `${of.running}/${of.maxRunning}${of.queued === 0 ? "" : ` +${of.queued}`}`;
}
