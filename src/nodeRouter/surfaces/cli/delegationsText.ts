// What `delegations` shows in a terminal. Pure.
import { nameText, safe } from "../../../shared/safeText.ts";
import type { DelegationReport, DelegationsReport } from "../reports/delegationsReport.ts";
import { type Cell, COLUMNS, type Color, DASH, table, textLines } from "./output.ts";

const HEADER = ["ID", "STATE", "FROM", "TO", "GIVEN", "TASK"];

const COLORS: Readonly<Partial<Record<DelegationReport["state"], Color>>> = {
  completed: "green",
  failed: "red",
  interrupted: "red",
  lost: "red",
  rejected: "red",
  unknown: "yellow",
};

/** @param columns width of the terminal. */
export function delegationsText({ delegations, left }: DelegationsReport, columns: number = COLUMNS): string {
  if (delegations.length === 0) return "No such delegation is kept here.";
  const rows = table(HEADER, delegations.map(cells), { columns, drop: ["GIVEN", "FROM"] });
  return left === 0 ? rows : `${rows}\nand ${left} more`;
}

function cells({ id, state, direction, peer, agent, requester, createdAt, task }: DelegationReport): Cell[] {
  const color = COLORS[state];
  const there = peer === null ? DASH : nameText(peer);
  const asks = requester === null ? DASH : nameText(requester);
  const does = nameText(agent);
  return [
    id,
    color === undefined ? state : { text: state, color },
    direction === "out" ? asks : `${there}/${asks}`,
    direction === "out" ? `${there}/${does}` : does,
    (createdAt ?? DASH).replace("T", " ").replace(/\.\d+Z$/, "Z"),
    task.replace(/\s+/g, " "),
  ];
}

/** One with all that is known of it. */
export function delegationDetails(report: DelegationReport, columns: number = COLUMNS): string {
  const { id, direction, state, peer, agent, requester, rule, context, offers, ran, tokens } = report;
  const there = peer === null ? "no peer" : `peer ${nameText(peer)}`;
  const doubt = report.mayHaveRun ? "something of it may have run" : "nothing of it ran";
  const lines = [
    `delegation ${id} · ${state} · ${doubt}`,
    direction === "out"
      ? `from agent ${nameText(requester ?? DASH)} to agent ${nameText(agent)} at ${there}${rule === null ? "" : ` · rule ${nameText(rule)}`}`
      : `from ${there}${requester === null ? "" : `, agent ${nameText(requester)},`} to agent ${nameText(agent)} here`,
    `conversation ${nameText(context)}`,
    `given ${report.createdAt ?? DASH} · begun ${report.startedAt ?? DASH} · ended ${report.endedAt ?? DASH}${tokens === null ? "" : ` · ${tokens} tokens`}`,
    ...(offers.length < 2
      ? []
      : [`offered to ${offers.map((one) => `${nameText(one.peer)} (${one.outcome ?? "open"})`).join(", ")}`]),
    ...offers.flatMap((one) =>
      one.reason === null || one.reason === report.reason
        ? []
        : [`${nameText(one.peer)}: ${safe(one.reason)}`],
    ),
    ...(ran.length === 0
      ? []
      : [
          `ran ${ran.map(({ tool, calls, node }) => `${nameText(tool)} ${calls} x${node === null ? "" : ` on ${nameText(node)}`}`).join(", ")}`,
        ]),
    ...(report.weaker
      ? ["the peer speaks plain A2A: a task is sent once, and its result is had while the peer remembers it"]
      : []),
    ...(report.reason === null ? [] : [safe(report.reason)]),
  ];
  const texts: readonly (readonly [string, string | null])[] = [
    ["task", report.task === "" ? null : report.task],
    ["result", report.result],
  ];
  return [
    ...lines.flatMap((line) => textLines(line, columns)),
    ...texts.flatMap(([what, text]) =>
      text === null
        ? []
        : ["", `${what}:`, ...text.split("\n").flatMap((line) => textLines(safe(line), columns))],
    ),
  ].join("\n");
}
