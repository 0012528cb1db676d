// The gateway's own connections to SSH nodes: what waits, runs and is kept warm on each.
import type { NodesData } from "../data.ts";
import { Card, CardCell, CardTable, LinkButton, Outside, RowHead } from "./parts.tsx";

const COLUMNS = ["Node", "Connections", "Running", "Warm", "Starting", "Waiting"];

interface SshProps {
  readonly data: NodesData;
  readonly onNode: (name: string) => void;
}

/** Hidden before the first connection. */
export function SshPanel({ data: { ssh }, onNode }: SshProps) {
  return (
    <Card id="ssh" title="SSH connections" isHidden={ssh.length === 0}>
      <CardTable id="ssh" columns={COLUMNS}>
        {ssh.map(({ node, connected, running, free, pending, queued }) => (
          <tr key={node} role="row">
            <RowHead title="Node">
              <LinkButton onClick={() => onNode(node)} focusKey={`ssh ${node}`}>
                <Outside text={node} />
              </LinkButton>
            </RowHead>
            <CardCell title="Connections" class={connected === 0 ? "bad" : ""}>
              {connected === 0 ? "none" : connected}
            </CardCell>
            <CardCell title="Running">{running}</CardCell>
            <CardCell title="Warm">{free}</CardCell>
            <CardCell title="Starting">{pending}</CardCell>
            <CardCell title="Waiting" class={queued > 0 ? "bad" : ""}>
              {queued}
            </CardCell>
          </tr>
        ))}
      </CardTable>
    </Card>
  );
}
