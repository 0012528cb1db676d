// Which peer gets a task, and the words of those that do not.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { choosePeer, type TaskRequest } from "../../../../src/nodeRouter/delegation/peers/choosePeer.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { peerSnapshot } from "../../../../src/nodeRouter/delegation/peers/peerSnapshot.ts";
import type { CardExtension } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";
import { parseSelector } from "../../../../src/nodeRouter/placement/selector/parser.ts";
import { refusalText } from "../../../../src/shared/refusal.ts";
import { makeCard } from "../../../support/delegation/makeCard.ts";

const NOW = 1_800_000_000_000;
const token = (name: string) => `${name}-token-of-more-than-32-characters`;
const peer = (name: string, parts: object = {}) => ({
  url: `https://${name}.ts.net`,
  token: token(name),
  ...parts,
});

const SG = peer("gw-sg", { tags: ["region=sg"], location: { country: "SG", city: "Singapore" } });
const HK = peer("gw-hk", {
  tags: ["region=hk"],
  location: { country: "HK", latitude: 22.3, longitude: 114.2 },
});

const card = (parts: Partial<CardExtension> = {}): CardExtension => makeCard({ nowMs: NOW, ...parts });
const known = (parts: Partial<KnownPeer> = {}): KnownPeer => ({
  ...UNKNOWN_PEER,
  online: true,
  rttMs: 70,
  card: card(),
  heardMs: NOW,
  clockOffsetMs: 0,
  agents: (parts.card === undefined ? card() : parts.card)?.agents ?? null,
  ...parts,
});

interface Asked {
  readonly peers?: object;
  readonly rules?: readonly object[];
  readonly known?: Readonly<Record<string, KnownPeer>>;
  readonly request?: Partial<TaskRequest>;
}

const RULE = { name: "sg-work", agents: ["master"], require: "region=sg" };

function choose({
  peers = { "gw-sg": SG, "gw-hk": HK },
  rules = [RULE],
  known: cards = {},
  request = {},
}: Asked) {
  const config = resolveConfig({ peers, delegation: { rules } });
  const snapshot = peerSnapshot(config.peers, new Map(Object.entries(cards)), { gatewayLocation: null }, NOW);
  return choosePeer(
    { agent: "master", agentThere: null, to: null, heldBy: null, declined: new Map(), ...request },
    snapshot,
    config.delegation,
  );
}

/** The peer, or the text that the agent reads. */
function told(asked: Asked): string {
  const choice = choose(asked);
  return choice.kind === "chosen" ? choice.peer : refusalText(choice.refusal);
}

const selector = (text: string) => {
  const parsed = parseSelector(text);
  return parsed.ok ? parsed.selector : null;
};
const ADVICE =
  'Run "openclaw node-router explain --agent master --delegate" to see each peer; change plugins.entries.node-router.config.delegation.rules or bring a peer up.';

describe("without a rule that names the agent", () => {
  test("nothing is given away, and the key is named", () => {
    expect(told({ rules: [] })).toBe(
      'NO_NODE_FITS: no rule of plugins.entries.node-router.config.delegation.rules names agent "master". Let the operator add one.',
    );
    expect(told({ request: { agent: "worker-cn" } })).toContain('names agent "worker-cn"');
  });

  test("one that names it by a glob counts, however OpenClaw's ids are written", () => {
    expect(told({ rules: [{ ...RULE, agents: ["mas*"] }], request: { agent: "MASTER" } })).toBe("gw-sg");
  });

  test("the first that names it decides, and a later one that would fit is not asked", () => {
    const first = { ...RULE, require: "region=mars" };
    expect(told({ rules: [first, { ...RULE, name: "any", require: "region" }] })).toBe(
      `NO_NODE_FITS: 0/2 peers fit rule "sg-work" for delegate: 2 didn't match "region=mars". ${ADVICE}`,
    );
  });

  test("a broken one gives nothing away, and no later one takes its place", () => {
    const broken = { ...RULE, require: "region in (" };
    expect(told({ rules: [broken, { ...RULE, name: "any", require: "region" }] })).toMatch(
      /^CONFIG_INVALID: rule "sg-work" of plugins\.entries\.node-router\.config\.delegation\.rules has an error/,
    );
  });
});

describe("of the peers that the rule means", () => {
  test("one that nobody has asked yet is asked: the task finds out", () => {
    expect(told({})).toBe("gw-sg");
  });

  test.each<[string, Partial<KnownPeer>, string]>([
    ["is offline", { online: false }, "1 was offline"],
    ["is draining", { card: card({ draining: true }) }, "1 was draining"],
    ["has no room, neither running nor waiting", { card: card({ running: 2, queued: 20 }) }, "1 was full"],
    ["is 612 s ahead", { clockOffsetMs: 612_000 }, "1 could not be used (had a clock that is 10 min ahead)"],
    [
      "is 612 s behind",
      { clockOffsetMs: -612_000 },
      "1 could not be used (had a clock that is 10 min behind)",
    ],
    ["offers nobody", { card: card({ agents: [] }) }, "1 offered no agent"],
    [
      "offers two, of whom none was named",
      { card: card({ agents: ["a", "b"] }) },
      "1 offered several agents, of which none was named",
    ],
  ])("one that %s gets none", (_, parts, words) => {
    expect(told({ known: { "gw-sg": known(parts) } })).toBe(
      `NO_NODE_FITS: 0/2 peers fit rule "sg-work" for delegate: 1 didn't match "region=sg", ${words}. ${ADVICE}`,
    );
  });

  test.each<[string, Partial<KnownPeer>]>([
    ["is there", {}],
    ["has room for one that waits", { card: card({ running: 2, queued: 19 }) }],
    ["is 59 s ahead", { clockOffsetMs: 59_000 }],
    ["was never asked for its clock", { clockOffsetMs: null }],
  ])("one that %s gets it", (_, parts) => {
    expect(told({ known: { "gw-sg": known(parts) } })).toBe("gw-sg");
  });

  test("its agent must be one that it offers, and that we may ask for", () => {
    const at = (agentThere: string, parts: object = {}) =>
      told({ peers: { "gw-sg": { ...SG, ...parts } }, known: { "gw-sg": known() }, request: { agentThere } });
    expect(at("worker-sg")).toBe("gw-sg");
    expect(at("root")).toContain('1 offered no agent "root"');
    expect(at("worker-sg", { agents: ["worker-hk"] })).toContain('1 offered no agent "worker-sg"');
  });

  test("the rule's agent goes before the asking agent's, and contradicts it", () => {
    const rules = [{ ...RULE, agent: "worker-sg" }];
    const choice = choose({
      rules,
      known: { "gw-sg": known({ card: card({ agents: ["worker-sg", "b"] }) }) },
    });
    expect(choice).toMatchObject({ kind: "chosen", agent: "worker-sg" });
    expect(told({ rules, request: { agentThere: "b" } })).toBe(
      'NO_NODE_FITS: rule "sg-work" gives tasks to agent "worker-sg", not to "b". Leave agent out.',
    );
  });

  test("the only agent that it offers is the one, where none was named", () => {
    expect(choose({ known: { "gw-sg": known() } })).toMatchObject({ kind: "chosen", agent: "worker-sg" });
  });

  test("one without a token to present, or whose token is not resolved, gets none", () => {
    const { token: _, ...without } = SG;
    expect(
      told({ peers: { "gw-sg": { ...without, accept: { token: token("in"), agents: ["x"] } } } }),
    ).toContain("no peers are known");
    const secret = { source: "env", provider: "default", id: "GW" };
    expect(told({ peers: { "gw-sg": { ...SG, token: secret } } })).toContain(
      "1 could not be used (had a token that OpenClaw has not resolved)",
    );
  });

  test("the one that did not accept it is out, and the next one gets it", () => {
    const rules = [{ ...RULE, require: "region" }];
    const declined = new Map([["gw-hk", "PEER_REFUSED: full"]]);
    expect(told({ rules })).toBe("gw-hk");
    expect(told({ rules, request: { declined } })).toBe("gw-sg");
    const both = new Map([...declined, ["gw-sg", "PEER_REFUSED: full"]] as const);
    expect(told({ rules, request: { declined: both } })).toContain(
      "2 did not accept it (PEER_REFUSED: full)",
    );
  });

  test("a conversation stays with the peer that has it, although another one ranks first", () => {
    const rules = [{ ...RULE, require: "region" }];
    expect(told({ rules, request: { heldBy: "gw-sg" } })).toBe("gw-sg");
    expect(
      told({ rules, request: { heldBy: "gw-sg" }, known: { "gw-sg": known({ online: false }) } }),
    ).toContain("1 was offline");
  });
});

describe("to", () => {
  test("narrows the rule's choice, and never widens it", () => {
    const rules = [{ ...RULE, require: "region in (sg,hk)" }];
    expect(told({ rules, request: { to: selector("region=hk") } })).toBe("gw-hk");
    expect(told({ request: { to: selector("region=hk") } })).toContain("0/2 peers fit");
  });

  test("whatever it says, who is chosen with it could be chosen without", () => {
    const text = fc.constantFrom(
      "region",
      "!region",
      "region=sg",
      "region notin (sg)",
      "node.name=gw-hk",
      "spot",
    );
    fc.assert(
      fc.property(text, text, (require, to) => {
        const rules = [{ ...RULE, require }];
        const narrow = choose({ rules, request: { to: selector(to) } });
        if (narrow.kind !== "chosen") return;
        const wide = choose({ rules });
        expect(wide.decision?.candidates().find(({ node }) => node === narrow.peer)?.fits).toBe(true);
      }),
    );
  });
});

describe("residency", () => {
  const rules = [{ ...RULE, require: "region", residency: { allow: ["SG"] } }];
  test("only the declared country grants: an unknown place is refused", () => {
    expect(told({ rules })).toBe("gw-sg");
    const nowhere = peer("gw-sg", { tags: ["region=sg"] });
    expect(told({ rules, peers: { "gw-sg": nowhere } })).toMatch(/1 was of unknown place/);
  });
});

describe("near", () => {
  test("a point, the nearer peer gets it", () => {
    const rules = [{ ...RULE, require: "region", near: { latitude: 1.3, longitude: 103.8 } }];
    expect(told({ rules })).toBe("gw-sg");
  });
});

describe("where none fits, the rule may keep it", () => {
  const rules = [{ ...RULE, onUnavailable: "queue" }];
  test.each<[string, Partial<KnownPeer>, boolean]>([
    ["for one that may come back", { online: false }, true],
    ["not for an agent that nobody offers", { card: card({ agents: [] }) }, false],
  ])("%s", (_, parts, mayQueue) => {
    expect(choose({ rules, known: { "gw-sg": known(parts) } })).toMatchObject({ kind: "refused", mayQueue });
    expect(choose({ known: { "gw-sg": known(parts) } })).toMatchObject({ mayQueue: false });
  });
});
