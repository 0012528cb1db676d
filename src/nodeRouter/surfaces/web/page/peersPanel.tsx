// The card "Delegations": which peers there are, and the tasks that go to and come from them. Not there without peers.
import type { NodesData } from "../data.ts";
import { ago, roundTrip, UNKNOWN } from "./format.ts";
import { Card, CardCell, CardTable, Outside, RowHead } from "./parts.tsx";

const COLUMNS = ["Task", "State", "From", "To", "Given"];

/** Hidden where no peer is configured. */
export function PeersPanel({ data: { peers: overview, nowMs } }: { readonly data: NodesData }) {
  const { peers, delegations, left } = overview ?? { peers: [], delegations: [], left: 0 };
  const more = left === 0 ? "" : `and ${left} more: openclaw node-router delegations`;
  return (
    <Card id="delegations" title="Delegations" isHidden={overview === null}>
      <ul id="peers-list" class="plain" aria-label="Peers">
        {peers.map(({ name, state, rttMs, why }) => (
          <li key={name}>
            <b>
              <Outside text={name} />
            </b>{" "}
            <Outside
              class="quiet"
              text={[state, rttMs === null ? null : roundTrip(rttMs), why].filter(Boolean).join(", ")}
            />
          </li>
        ))}
      </ul>
      {delegations.length > 0 && (
        <CardTable id="delegations" columns={COLUMNS}>
          {delegations.map(({ direction, id, state, peer, agent, requester, createdAt }) => {
            const there = (who: string | null) => [peer, who].filter(Boolean).join("/") || UNKNOWN;
            const isGiven = direction === "out";
            return (
              <tr key={`${direction} ${id}`} role="row">
                <RowHead title="Task" hint={id}>
                  {isGiven ? "given" : "taken"}
                </RowHead>
                <CardCell title="State">{state}</CardCell>
                <CardCell title="From">
                  <Outside text={isGiven ? (requester ?? UNKNOWN) : there(requester)} />
                </CardCell>
                <CardCell title="To">
                  <Outside text={isGiven ? there(agent) : agent} />
                </CardCell>
                <CardCell title="Given">
                  {ago(createdAt === null ? null : Date.parse(createdAt), nowMs)}
                </CardCell>
              </tr>
            );
          })}
        </CardTable>
      )}
      <p id="delegations-count" class="quiet">
        {delegations.length === 0 ? "No task was given or taken." : more}
      </p>
    </Card>
  );
}
