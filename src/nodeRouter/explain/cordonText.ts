// A cordon in words. Pure.
import { isoTime } from "../../shared/isoTime.ts";
import { nameText, quote } from "../../shared/safeText.ts";
import type { NodeCordon, NodeState } from "../placement/model/snapshot.ts";

/** What reports and scripts get of a cordon; times in ISO 8601, texts not escaped. */
export interface CordonReport extends Omit<NodeCordon, "atMs" | "untilMs"> {
  readonly at: string | null;
  /** Null: until it is lifted. */
  readonly until: string | null;
}

/** Null: calls may come. */
export function cordonReport(cordon: NodeState["cordon"]): CordonReport | "unreadable" | null {
  if (cordon === null || cordon === "unreadable") return cordon;
  const { atMs, untilMs, by, reason, drain, move } = cordon;
  return { by, reason, at: isoTime(atMs), until: isoTime(untilMs), drain, move };
}

/** `cordoned by alice since 2026-11-29T08:00:00.000Z: "disk"; until it is lifted`. Safe to print. */
export function cordonText(cordon: CordonReport | "unreadable"): string {
  if (cordon === "unreadable") return "taken for cordoned: what was kept of cordons cannot be read";
  const { by, reason, at, until, drain, move } = cordon;
  const why = reason === null ? "" : `: ${quote(reason)}`;
  const sessions = move ? "; its sessions go elsewhere" : "";
  const end = until === null ? "until it is lifted" : `until ${until}`;
  return `${drain ? "drained" : "cordoned"} by ${nameText(by)} since ${at ?? "?"}${why}; ${end}${sessions}`;
}
