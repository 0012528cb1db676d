// The config that a set-up is after: the node's entry and a rule, of what the person said and what is there. Pure.
import { isRecord } from "../../shared/isRecord.ts";
import { itemsOf } from "../../shared/jsonParts.ts";
import type { ConfigChange } from "./configChange.ts";
import type { SetupTarget } from "./setupTarget.ts";

/** What the person said; null: nothing. */
export interface SetupWishes {
  readonly country: string | null;
  readonly city: string | null;
  readonly tags: readonly string[];
  readonly agents: readonly string[];
  readonly workspace: string | null;
  /** Private key file on the gateway. */
  readonly identityFile: string | null;
}

export interface SetupFacts {
  /** `nodes.<node>` as it is now; null: there is none. */
  readonly entry: Readonly<Record<string, unknown>> | null;
  /** Names of all rules, in their order. */
  readonly rules: readonly string[];
  /** Of the agents that were named, those for which no rule speaks. */
  readonly unrouted: readonly string[];
  /** The login's home on the node; null: not known. */
  readonly home: string | null;
}

/** The part of the entry that says how SSH gets there: enough to look at the machine before anything is written. */
export function sshEntry(
  target: SetupTarget,
  { identityFile }: Pick<SetupWishes, "identityFile">,
  entry: SetupFacts["entry"],
): Readonly<Record<string, unknown>> {
  const present = isRecord(entry?.ssh) ? entry.ssh : null;
  const { host, user, port } = target;
  return {
    // Called by the name of a node that is there, it is reached as its entry says.
    ...(host === target.node || present?.host !== undefined ? {} : { host }),
    ...(port === null ? {} : { port }),
    ...(user === null ? {} : { user }),
    ...(identityFile === null ? {} : { identityFile }),
  };
}

/** What is to be written. What is there already stays, unless the person said something else. */
export function wantedChange(
  target: SetupTarget,
  wishes: SetupWishes,
  facts: SetupFacts,
  more: Readonly<Record<string, unknown>> = {},
): ConfigChange {
  const { entry } = facts;
  const isNew = (key: string) => entry === null || entry[key] === undefined;
  const { country, city } = wishes;
  const place = country === null ? {} : { country, ...(city === null ? {} : { city }) };
  const written = itemsOf(entry?.tags).filter((tag) => typeof tag === "string");
  const region = country === null ? [] : [`region=${country.toLowerCase()}`];
  const hasRegion = [...written, ...wishes.tags].some((tag) => tag.startsWith("region="));
  const tags = [...new Set([...written, ...wishes.tags, ...(hasRegion ? [] : region)])];
  const workspace =
    wishes.workspace ?? (isNew("workspace") && facts.home !== null ? `${facts.home}/work` : null);
  const { ssh: moreSsh, ...others } = more;
  return {
    node: target.node,
    entry: {
      ...others,
      ...(tags.length === written.length ? {} : { tags }),
      ...(country === null ? {} : { location: place }),
      ...(workspace === null ? {} : { workspace }),
      ssh: { ...sshEntry(target, wishes, entry), ...(isRecord(moreSsh) ? moreSsh : {}) },
    },
    rule: wantedRule(target.node, facts, tags),
  };
}

function wantedRule(
  node: string,
  { rules, unrouted }: SetupFacts,
  tags: readonly string[],
): ConfigChange["rule"] {
  if (unrouted.length === 0) return null;
  let name = node;
  for (let number = 2; rules.includes(name); number++) name = `${node}-${number}`;
  const region = tags.find((tag) => tag.startsWith("region="));
  return { name, agents: unrouted, require: region ?? `node.name=${node}` };
}
