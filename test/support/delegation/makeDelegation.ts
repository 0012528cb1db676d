// A delegation as it is kept before anything of it was sent.
import type { Delegation } from "../../../src/nodeRouter/delegation/model/delegation.ts";
import { newDelegation } from "../../../src/nodeRouter/delegation/outbox/newDelegation.ts";

/** Queued, of agent master, for agent worker-sg. */
export function makeDelegation(given: Partial<Delegation> = {}): Delegation {
  const requester = { agent: "master", session: "agent:master:main", run: null, call: null };
  const asked = { requester, task: "count the files", agent: null, to: null, maxHops: 1 };
  const id = "01977f3e-5a00-7000-8000-000000000001";
  const context = "01977f3e-5a00-7000-8000-0000000000c1";
  const made = newDelegation(asked, id, context, ["gateway-a"], "worker-sg", 0);
  return { ...made, rule: "sg-work", ...given };
}
