// The first line of the page: who is refused right now, why, and since when.
import type { NodesData } from "../data.ts";
import { LinkButton, Outside } from "./parts.tsx";
import { refusedHead, whyRefused } from "./refusedText.ts";

/** More are in the table of agents. */
const MAX_NAMED = 5;

interface BannerProps {
  readonly data: NodesData;
  readonly onAgent: (agent: string) => void;
}

/** Says also that nobody is: silence could be a page that does not know. */
export function RefusedBanner({ data, onAgent }: BannerProps) {
  const { refused, mode, nowMs, agents } = data;
  const routed = agents.filter(({ rule, outcome }) => rule !== null || outcome !== "unrouted").length;
  if (refused.length === 0) {
    if (routed === 0)
      return (
        <p id="refused" class="banner idle">
          No rule routes any agent yet. To write some, question by question:{" "}
          <code>openclaw node-router init</code>
        </p>
      );
    return (
      <p id="refused" class="banner calm">
        {`No agent is refused: ${routed} of ${agents.length} are routed.`}
      </p>
    );
  }
  const left = refused.length - MAX_NAMED;
  return (
    <section id="refused" class="banner" aria-label="Refused now">
      <ul class="plain">
        {refused.slice(0, MAX_NAMED).map((one) => (
          <li key={one.agent}>
            <LinkButton onClick={() => onAgent(one.agent)} focusKey={`refused ${one.agent}`}>
              <Outside text={one.agent} />
            </LinkButton>{" "}
            <b>{refusedHead(one, mode, nowMs)}</b> <Outside text={whyRefused(one, nowMs)} />
          </li>
        ))}
      </ul>
      {left > 0 && <p class="quiet">and {left} more, in the table of agents</p>}
    </section>
  );
}
