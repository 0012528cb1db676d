// Every agent with where its exec goes now and by which rule; one is explained, node by node.
import { useState } from "preact/hooks";
import type { Transport } from "../../../../shared/types.ts";
import type { ExplainReport } from "../../../explain/report.ts";
import type { AgentRoute, NodesData } from "../data.ts";
import { rankOf, shownAgents } from "./agentRows.ts";
import { UNKNOWN } from "./format.ts";
import { Icon } from "./icons.tsx";
import { Card, CardCell, CardTable, CopyLine, LinkButton, Outside, RowHead } from "./parts.tsx";

const COLUMNS = ["Agent", "Runs on", "Rule", "Moves", "Guard"];

interface AgentsProps {
  readonly data: NodesData;
  /** The agent that is explained; "" none. */
  readonly agent: string;
  /** The node that is supposed to be down there; "" none. */
  readonly down: string;
  /** "" closes. */
  readonly onAgent: (agent: string, down?: string) => void;
  readonly onNode: (name: string) => void;
}

/** Refused agents first, then routed ones, then those that no rule names. */
export function AgentsPanel({ data, agent, down, onAgent, onNode }: AgentsProps) {
  const { agents, explained } = data;
  const [areAll, setAll] = useState(false);
  const shown = shownAgents(agents, agent, areAll);
  return (
    <Card id="agents" title="Agents" isHidden={agents.length === 0}>
      <CardTable id="agents" columns={COLUMNS}>
        {shown.flatMap((route) => {
          const isOpen = route.agent === agent;
          const row = (
            <AgentRow
              key={`row ${route.agent}`}
              route={route}
              isOpen={isOpen}
              onClick={() => onAgent(isOpen ? "" : route.agent)}
              onNode={onNode}
            />
          );
          if (!isOpen) return [row];
          // Until it comes, the answer to the last question says nothing of this one.
          const isAnswer = explained?.agent === agent && (explained.supposed !== undefined) === (down !== "");
          const report = isAnswer ? explained : null;
          return [
            row,
            <tr key={`explain ${agent}`} role="row" class="explained">
              <td role="cell" colSpan={COLUMNS.length}>
                <Explanation
                  route={route}
                  report={report}
                  down={down}
                  onDown={(node) => onAgent(agent, node)}
                />
              </td>
            </tr>,
          ];
        })}
      </CardTable>
      {shown.length < agents.length && (
        <p class="quiet">
          {shown.length} of {agents.length}{" "}
          <button type="button" onClick={() => setAll(true)}>
            Show all agents
          </button>
        </p>
      )}
    </Card>
  );
}

interface RowProps {
  readonly route: AgentRoute;
  readonly isOpen: boolean;
  readonly onClick: () => void;
  readonly onNode: (name: string) => void;
}

function AgentRow({ route, isOpen, onClick, onNode }: RowProps) {
  const { agent, rule, node, transport, binding, guard } = route;
  const rank = rankOf(route);
  return (
    <tr role="row" class={rank}>
      <RowHead title="Agent">
        <LinkButton onClick={onClick} focusKey={`agent ${agent}`} isOpen={isOpen} title="Explain">
          <Outside text={agent} />
        </LinkButton>
      </RowHead>
      <td role="cell" data-title="Runs on">
        {rank === "refused" && (
          <span class="state offline">
            <Icon state="offline" />
            refused
          </span>
        )}
        {rank === "placed" && node !== null && (
          <>
            <LinkButton onClick={() => onNode(node)} focusKey={`agent's ${agent}`}>
              <Outside text={node} />
            </LinkButton>
            {transport !== null && <span class="quiet"> {WAYS[transport]}</span>}
          </>
        )}
        {rank === "elsewhere" && "the gateway, no node fits"}
        {rank === "unrouted" && <span class="quiet">where OpenClaw decides</span>}
      </td>
      <CardCell title="Rule">{rule === null ? UNKNOWN : <Outside text={rule} />}</CardCell>
      <CardCell title="Moves">{rank === "unrouted" ? UNKNOWN : MOVES[binding]}</CardCell>
      <CardCell title="Guard">{guard ?? UNKNOWN}</CardCell>
    </tr>
  );
}

const WAYS: Readonly<Record<Transport, string>> = {
  node: "over the node protocol",
  ssh: "over SSH",
  peer: "by its gateway",
};

/** What of the agent is on the node. */
const MOVES: Readonly<Record<AgentRoute["binding"], string>> = {
  exec: "commands",
  workspace: "commands and files",
};

interface ExplanationProps {
  readonly route: AgentRoute;
  /** Null: it comes with the next answer. */
  readonly report: ExplainReport | null;
  readonly down: string;
  /** What if this node were down; "": as it is. */
  readonly onDown: (node: string) => void;
}

function Explanation({ route, report, down, onDown }: ExplanationProps) {
  return (
    <div class="explanation">
      {down !== "" && (
        <p>
          <b>
            What if <Outside text={down} /> were down:
          </b>{" "}
          <button type="button" onClick={() => onDown("")}>
            As it is
          </button>
        </p>
      )}
      <p>
        <Outside text={report?.message ?? (down === "" ? route.message : "")} />
      </p>
      {report === null && <p class="quiet">Asking…</p>}
      {report !== null && report.candidates.length > 0 && (
        <ul class="plain" aria-label="Nodes">
          {report.candidates.map(({ node, fits, reason, detail, score }) => (
            <li key={node} class={fits ? "fits" : ""}>
              <Outside text={node} class="name" />{" "}
              {fits ? (
                <>
                  {`fits${score === null ? "" : `, score ${score}`}`}{" "}
                  {down === "" && (
                    <button
                      type="button"
                      aria-label={`What if ${node} were down`}
                      onClick={() => onDown(node)}
                    >
                      If down?
                    </button>
                  )}
                </>
              ) : (
                <Outside text={[reason ?? "does not fit", detail].filter(Boolean).join(": ")} class="quiet" />
              )}
            </li>
          ))}
        </ul>
      )}
      <ul class="plain">
        <CopyLine text={`openclaw node-router explain --agent ${shellName(route.agent)}`} />
      </ul>
    </div>
  );
}

/** SECURITY: the line invites to run it. */
function shellName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
