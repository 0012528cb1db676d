// One node's detail, or the list of a group that shares a place.
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { NodesData } from "../data.ts";
import { Icon } from "./icons.tsx";
import { NodeDetail } from "./nodeDetail.tsx";
import { LinkButton, Outside } from "./parts.tsx";

interface DetailProps {
  readonly data: NodesData;
  /** None: it is hidden. More than one: a list to choose from. */
  readonly names: readonly string[];
  readonly onNode: (name: string) => void;
  readonly onClose: () => void;
}

/** Hidden while no node is chosen. */
export function DetailPanel({ data, names, onNode, onClose }: DetailProps) {
  const drawn = useRef<{ readonly key: string; readonly view: VNode } | null>(null);
  const key = JSON.stringify(names);
  const [name] = names;
  if (name === undefined) {
    drawn.current = null;
    return <section id="detail" class="card detail" aria-labelledby="detail-title" hidden />;
  }
  // Whoever is about to copy something keeps it.
  if (drawn.current?.key === key && isSelecting()) return drawn.current.view;
  const view = (
    <section id="detail" class="card detail" aria-labelledby="detail-title">
      <div class="detail-head">
        <h2 id="detail-title" tabIndex={-1}>
          {names.length > 1 ? `${names.length} nodes in one place` : <Outside text={name} />}
        </h2>
        <button type="button" class="close" aria-label="Close the detail" onClick={onClose}>
          ×
        </button>
      </div>
      {names.length > 1 ? (
        <GroupList data={data} names={names} onNode={onNode} />
      ) : (
        <NodeDetail key={name} data={data} name={name} />
      )}
    </section>
  );
  drawn.current = { key, view };
  return view;
}

function isSelecting(): boolean {
  const selection = document.getSelection();
  return (
    selection !== null &&
    !selection.isCollapsed &&
    selection.anchorNode?.parentElement?.closest("#detail") != null
  );
}

function GroupList({ data, names, onNode }: Omit<DetailProps, "onClose">) {
  const nodes = data.nodes.filter(({ name }) => names.includes(name));
  return (
    <ul class="plain group-list">
      {nodes.map(({ name, state }) => (
        <li key={name}>
          <Icon state={state} />
          <LinkButton onClick={() => onNode(name)}>
            <Outside text={name} />
          </LinkButton>
          <span class="quiet"> {state}</span>
        </li>
      ))}
    </ul>
  );
}
