// Beside the map while no node is chosen: nodes without a place, the last refusals and the last changes.
import type { NodesData } from "../data.ts";
import { problemOfCall } from "./callsPanel.tsx";
import { ago, placeName } from "./format.ts";
import { Icon } from "./icons.tsx";
import { mapSpot } from "./mapNodes.ts";
import { Card, LinkButton, Outside } from "./parts.tsx";

/** Of which the rest is in `openclaw node-router events`. */
const MAX_CHANGES = 8;

interface SideProps {
  readonly data: NodesData;
  readonly onNode: (name: string) => void;
}

/** Three cards; each is hidden while it has nothing. */
export function SidePanel({ data: { nodes, refusals, events, nowMs }, onNode }: SideProps) {
  const without = nodes.filter(({ place }) => mapSpot(place) === null);
  return (
    <>
      <Card id="placeless" title="No known place" isHidden={without.length === 0}>
        <ul id="placeless-list" class="plain">
          {without.map(({ name, state, place }) => (
            <li key={name}>
              <Icon state={state} />
              <LinkButton title={name} onClick={() => onNode(name)}>
                <Outside text={name} />
              </LinkButton>
              <span class="quiet"> {place === null ? state : `${state}, ${placeName(place)}`}</span>
            </li>
          ))}
        </ul>
      </Card>
      <Card id="refusals" title="Latest refusals" isHidden={refusals.length === 0}>
        <ol id="refusals-list" class="plain">
          {refusals.slice(0, MAX_CHANGES).map(({ id, agent, tool, rule, code, reason, at }) => (
            <li key={id}>
              <span class="quiet when">{ago(Date.parse(at), nowMs)}</span>
              <Outside text={agent ?? "nobody"} class="name" />{" "}
              <Outside text={rule === null ? tool : `${tool}, rule ${rule}`} />
              <span class="second">
                <Outside text={problemOfCall({ code, reason })} />
              </span>
            </li>
          ))}
        </ol>
      </Card>
      <Card id="changes" title="Latest changes" isHidden={events.length === 0}>
        <ol id="changes-list" class="plain">
          {events.slice(0, MAX_CHANGES).map(({ node, from, to, atMs, reason }) => (
            <li key={`${atMs} ${to} ${node}`}>
              <span class="quiet when">{ago(atMs, nowMs)}</span>
              <Icon state={to} />
              <Outside text={node} class="name" title={node} />
              <span>{from === null ? ` ${to}` : ` ${from} → ${to}`}</span>
              <span class="second">
                <Outside text={reason} />
              </span>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}
