// Peers that get no tasks are found with their reason, and what those that may ask can do here.
import { describe, expect, test } from "vitest";
import { type KnownPeer, UNKNOWN_PEER } from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { findingsOf, guarded, hostOf } from "./arrange.ts";

const TOKEN = "a-token-of-more-than-32-characters-a";
const OUT = { url: "https://gw-sg.ts.net", token: TOKEN };
const REF = { source: "env", provider: "default", id: "NOPE" };
const LIMITED = { tools: { allow: ["read"] } };

function found(peer: object, known: Partial<KnownPeer> = {}, agent: object = LIMITED) {
  return findingsOf({
    router: { peers: { "gw-sg": peer } },
    host: guarded({ host: hostOf({ "worker-sg": agent }) }),
    doctor: { peers: new Map([["gw-sg", { ...UNKNOWN_PEER, ...known }]]) },
  })
    .filter(({ id }) => id.includes("peer"))
    .map(({ id, severity, message, path }) => `${severity} ${id} ${path}: ${message}`);
}
const AT = "plugins.entries.node-router.config.peers.gw-sg";

describe("a peer", () => {
  test("that answers, or that nobody has asked yet, is no finding", () => {
    expect(found(OUT, { online: true, clockOffsetMs: 59_000 })).toEqual([]);
    expect(found(OUT)).toEqual([]);
  });

  test("that does not answer is a warning with the reason", () => {
    const failure = "PEER_UNREACHABLE: connection refused";
    expect(found(OUT, { online: false, failure })).toEqual([
      `warning node-router/peer-offline ${AT}: peer "gw-sg" gets no tasks: PEER_UNREACHABLE: connection refused`,
    ]);
  });

  test("that answers and refuses our token is an error", () => {
    expect(found(OUT, { online: true, unfit: "refused our token" })).toEqual([
      `error node-router/peer-unfit ${AT}: peer "gw-sg" gets no tasks: it refused our token`,
    ]);
  });

  test("whose clock is wrong is an error with by how much", () => {
    expect(found(OUT, { online: true, clockOffsetMs: -612_000 })).toEqual([
      `error node-router/peer-clock ${AT}: peer "gw-sg" gets no tasks: it had a clock that is 10 min behind`,
    ]);
  });

  test("whose token OpenClaw could not resolve is an error in its direction, and says nothing of the other", () => {
    expect(found({ ...OUT, token: REF })).toEqual([
      `error node-router/peer-token-unresolved ${AT}.token: OpenClaw has not resolved the token, so no task is given to peer "gw-sg"`,
    ]);
    expect(found({ accept: { token: REF, agents: ["worker-sg"] } })).toEqual([
      `error node-router/peer-token-unresolved ${AT}.accept.token: OpenClaw has not resolved the token, so no task is taken from peer "gw-sg"`,
    ]);
  });
});

describe("an agent that a peer may give tasks to", () => {
  const accept = (agents: readonly string[]) => ({ accept: { token: TOKEN, agents } });
  test("with its tools limited is no finding", () => {
    expect(found(accept(["worker-sg"]))).toEqual([]);
  });

  test("without is a warning", () => {
    expect(found(accept(["Worker-SG"]), {}, {})).toEqual([
      `warning node-router/peer-agent-tools ${AT}.accept.agents[0]: peer "gw-sg" may give tasks to agent "Worker-SG", whose tools are not limited: whoever speaks for the peer can have it run commands`,
    ]);
  });

  test("that is not configured is an error", () => {
    expect(found(accept(["worker-sgg"]))).toEqual([
      `error node-router/peer-agent-unknown ${AT}.accept.agents[0]: peer "gw-sg" may give tasks to agent "worker-sgg", which is not configured`,
    ]);
  });
});
