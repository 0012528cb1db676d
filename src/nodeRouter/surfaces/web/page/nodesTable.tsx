// The table of nodes: sorted by its headers, filtered by state, words and a selector.
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { NodesData } from "../data.ts";
import { UNKNOWN } from "./format.ts";
import { Icon } from "./icons.tsx";
import { NODE_COLUMNS } from "./nodeColumns.tsx";
import { CardCell, LinkButton, Outside } from "./parts.tsx";
import {
  chosen,
  countShownStates,
  isSortKey,
  type SortKey,
  selectorOf,
  type TableChoice,
  WORST_FIRST,
} from "./rows.ts";

/** By what else the rows can be sorted. */
const MORE_KEYS: readonly (readonly [SortKey, string])[] = [
  ["ip", "Address"],
  ["transport", "Transport"],
  ["since", "Last change"],
];

interface TableProps {
  readonly data: NodesData;
  readonly choice: TableChoice;
  readonly onChoice: (change: Partial<TableChoice>) => void;
  readonly onNode: (name: string) => void;
  /** Null: none. */
  readonly selected: string | null;
}

/** Roles are written out: on narrow screens rows become cards, and browsers then forget that it is a table. */
export function NodesTable({ data, choice, onChoice, onNode, selected }: TableProps) {
  const shown = chosen(data.nodes, choice);
  const { problem } = selectorOf(choice.selector);
  const isEmpty = data.nodes.length === 0;
  const isFiltered = choice.text !== "" || choice.selector !== "" || choice.states.size > 0;
  return (
    <section id="table" class={`card${isEmpty ? " nobody" : ""}`} aria-labelledby="table-title" tabIndex={-1}>
      <div class="tools">
        <h2 id="table-title">All nodes</h2>
        <StateButtons data={data} choice={choice} onChoice={onChoice} />
        <label class="sort">
          Sort by{" "}
          <select
            id="sort"
            value={choice.sort}
            onChange={({ currentTarget: { value } }) => {
              if (isSortKey(value)) onChoice({ sort: value, descending: false });
            }}
          >
            {[...NODE_COLUMNS.map(({ key, title }) => [key, title] as const), ...MORE_KEYS].map(
              ([key, title]) => (
                <option key={key} value={key}>
                  {title}
                </option>
              ),
            )}
          </select>
        </label>
        <div class="finds">
          <label class="find">
            <span class="unseen">Selector</span>
            <input
              id="selector"
              class="mono"
              type="text"
              placeholder="region=sg,!gpu"
              autocomplete="off"
              spellcheck={false}
              value={choice.selector}
              aria-invalid={problem !== null}
              aria-describedby="selector-problem"
              onInput={({ currentTarget: { value } }) => onChoice({ selector: value })}
            />
          </label>
          <label class="find">
            <span class="unseen">Find nodes</span>
            <input
              id="find"
              type="search"
              placeholder="Name, place, agent…"
              autocomplete="off"
              spellcheck={false}
              value={choice.text}
              onInput={({ currentTarget: { value } }) => onChoice({ text: value })}
            />
          </label>
        </div>
        <p id="selector-problem" class="problem" hidden={problem === null}>
          <Outside text={problem ?? ""} />
        </p>
      </div>
      <div class="scroll">
        <table class="cards" role="table" aria-labelledby="table-title" aria-describedby="count">
          <thead id="head" role="rowgroup">
            <tr role="row">
              {NODE_COLUMNS.map(({ key, title, isNumeric }) => (
                <th
                  key={key}
                  scope="col"
                  role="columnheader"
                  class={isNumeric === true ? "numeric" : ""}
                  {...(choice.sort === key ? ({ "aria-sort": orderOf(choice) } as const) : {})}
                >
                  <button
                    type="button"
                    onClick={() =>
                      onChoice({ sort: key, descending: choice.sort === key && !choice.descending })
                    }
                  >
                    {title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody id="body" role="rowgroup">
            {shown.map((node) => (
              <NodeRow
                key={node.name}
                node={node}
                nowMs={data.nowMs}
                isSelected={node.name === selected}
                onNode={onNode}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p class="below-table quiet">
        <span id="count">{countText(shown.length, data.nodes.length)}</span>
        {isFiltered && shown.length < data.nodes.length && (
          <button
            type="button"
            id="clear"
            onClick={() => onChoice({ text: "", selector: "", states: new Set() })}
          >
            Show all
          </button>
        )}
      </p>
    </section>
  );
}

function orderOf({ descending }: TableChoice): "ascending" | "descending" {
  return descending ? "descending" : "ascending";
}

/** A state that is asked for stays to be switched off, even when no node has it any more. */
function StateButtons({ data, choice, onChoice }: Pick<TableProps, "data" | "choice" | "onChoice">) {
  const counts = countShownStates(data.nodes);
  return (
    <fieldset id="states" class="states" aria-label="Show only nodes that are">
      {[...WORST_FIRST]
        .reverse()
        .filter((state) => counts.has(state) || choice.states.has(state))
        .map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={choice.states.has(state)}
            onClick={() => {
              const next = new Set(choice.states);
              if (!next.delete(state)) next.add(state);
              onChoice({ states: next });
            }}
          >
            <Icon state={state} />
            <span>{`${counts.get(state) ?? 0} ${state}`}</span>
          </button>
        ))}
    </fieldset>
  );
}

interface NodeRowProps {
  readonly node: NodeReport;
  readonly nowMs: number;
  readonly isSelected: boolean;
  readonly onNode: (name: string) => void;
}

function NodeRow({ node, nowMs, isSelected, onNode }: NodeRowProps) {
  return (
    <tr role="row" class={isSelected ? "selected" : ""}>
      {NODE_COLUMNS.map(({ key, title, isNumeric, show }) => {
        const kind = `${key}${isNumeric === true ? " numeric" : ""}`;
        const value = show(node, nowMs);
        if (key !== "name")
          return (
            <CardCell key={key} class={value === UNKNOWN ? `${kind} none` : kind} title={title}>
              {value}
            </CardCell>
          );
        return (
          <th key={key} scope="row" role="rowheader" class={kind} data-title={title}>
            <LinkButton onClick={() => onNode(node.name)} title={node.name} focusKey={`row ${node.name}`}>
              <Outside text={node.name} />
            </LinkButton>
            {value}
          </th>
        );
      })}
    </tr>
  );
}

function countText(shown: number, all: number): string {
  if (all === 0) return "No nodes are known: none is paired with this gateway, and none is configured.";
  return shown === all ? `${all} ${all === 1 ? "node" : "nodes"}` : `${shown} of ${all} nodes`;
}
