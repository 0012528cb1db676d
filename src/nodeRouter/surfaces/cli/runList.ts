// The commands that show a list: narrowed by `-l`, in the order of `--sort`, as `-o` says, once, watched or followed.
import { knownFields } from "../../../shared/knownFields.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import type { EventsReport } from "../reports/eventsReport.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { callLine, callsText } from "./callsText.ts";
import { eventLine, eventsText } from "./eventsText.ts";
import { followCalls, followEvents } from "./followCalls.ts";
import { formatOf, isData, LISTINGS, type Listing, listed, selectedNodes } from "./listing.ts";
import { createNodeFilter } from "./nodeStates.ts";
import { nodesText } from "./nodesText.ts";
import { EXIT_OK } from "./output.ts";
import { statusText } from "./statusText.ts";
import { topText } from "./topText.ts";
import { type CommandUse, tellList } from "./verb.ts";
import { agentChanges, intervalOf, type WatchView, watch } from "./watch.ts";

export type ListCommand = "status" | "nodes" | "events" | "calls" | "top";

/** @returns the exit code */
export async function runList(name: ListCommand, use: CommandUse): Promise<number> {
  const { options, ask, out, machine } = use;
  const format = formatOf(options);
  const json = format === "json";
  const sort = options.sort?.trim() ?? null;
  const { selector } = options;
  const askNodes = () => ask<NodesReport>("noderouter.nodes", {});
  const chosen = (report: NodesReport) => (selector === undefined ? null : selectedNodes(report, selector));
  const askChosen = async () => (selector === undefined ? null : chosen(await askNodes()));

  async function show<T, Row>(
    listing: Listing<T, Row>,
    look: () => Promise<T>,
    view: WatchView<T>,
    isFine: (report: T) => boolean = () => true,
  ): Promise<number> {
    const intervalMs = intervalOf(options);
    if (intervalMs !== null) {
      await watch({ intervalMs, json }, look, view, out, machine);
      return EXIT_OK;
    }
    return tellList(use, listing, await look(), view.page, isFine);
  }

  switch (name) {
    case "nodes":
    case "top": {
      const filter = createNodeFilter(options.state);
      const order = sort ?? (name === "top" ? "load:desc" : null);
      const look = async () => {
        const report = await askNodes();
        const sorted = listed(LISTINGS.nodes, report, { nodes: chosen(report), sort: order });
        return filter.shown(sorted, report.nodes.length);
      };
      const page = name === "top" ? topText : nodesText;
      return show(LISTINGS.nodes, look, {
        page: (report, columns) =>
          filter.hasNone(report) ? "No node is so." : page(report, machine.now(), columns),
        changes: filter.changes,
      });
    }
    case "status": {
      const look = async () => {
        const report = await ask<StatusReport>("noderouter.status", {});
        return listed(LISTINGS.status, report, { nodes: await askChosen(), sort });
      };
      const view = { page: statusText, changes: agentChanges };
      return show(LISTINGS.status, look, view, isSound);
    }
    case "events": {
      const { since, node, follow } = options;
      const nodes = await askChosen();
      const query = knownFields({ since: since?.trim(), node: node?.trim() });
      if (follow === true) {
        await followEvents(query, { json, nodes }, ask, out, machine);
        return EXIT_OK;
      }
      const look = async () => {
        const report = await ask<EventsReport>("noderouter.events", query);
        return listed(LISTINGS.events, report, { nodes, sort });
      };
      return show(LISTINGS.events, look, {
        page: eventsText,
        changes: (before, after) => {
          const old = new Set(before.events.map(eventLine));
          return after.events.map(eventLine).filter((line) => !old.has(line));
        },
      });
    }
    case "calls": {
      const { agent, node, rule, outcome, since, limit } = options;
      const nodes = await askChosen();
      const params = {
        ...knownFields({ agent, node, rule, outcome, since }),
        ...(nodes === null ? {} : { nodes: [...nodes] }),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        ...(isData(format) ? {} : { reasons: true }),
      };
      if (options.follow === true) {
        await followCalls(params, json, ask, out, machine);
        return EXIT_OK;
      }
      const look = async () =>
        listed(LISTINGS.calls, await ask<CallsReport>("noderouter.calls", params), { nodes: null, sort });
      return show(LISTINGS.calls, look, {
        page: callsText,
        changes: (before, after) => {
          const old = new Set(before.calls.map(callLine));
          return after.calls
            .map(callLine)
            .filter((line) => !old.has(line))
            .reverse();
        },
      });
    }
  }
}

/** Whether everything is as it should be: what is not makes the exit code 1. */
export function isSound(report: StatusReport): boolean {
  const isRouting = report.agents.some((agent) => agent.rule !== null);
  return (
    (report.hooks !== "not-live" || !isRouting) &&
    report.counters.mismatches === 0 &&
    report.counters.missed === 0 &&
    (report.hosted ?? []).every(({ fits }) => fits !== false) &&
    report.agents.every((agent) => agent.outcome !== "refused") &&
    report.problems.every((problem) => problem.severity !== "error")
  );
}
