// Doctor: peers that cannot be asked, and what those that may ask can do here.

import { formatPath } from "../../../config/problems/path.ts";
import type { ConfiguredPeer, PeerAccept } from "../../../config/resolvePeers.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../delegation/peers/knownPeers.ts";
import { clockDoubt } from "../../delegation/peers/peerSnapshot.ts";
import { agentSection, listedAgentIds, settingPath } from "../../host/hostConfig.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

export const checkPeers: DoctorCheck = ({ config, hostConfig, peers = new Map() }) =>
  [...config.peers.values()].flatMap((peer) => [
    ...found(...tokens(peer), reached(peer, peers.get(peer.name) ?? UNKNOWN_PEER)),
    ...(peer.accept === null ? [] : accepted(peer.name, peer.accept, hostConfig)),
  ]);

/** A reference arrives as it is written where OpenClaw could not resolve it. */
function tokens({ name, token, accept }: ConfiguredPeer): readonly (Finding | null)[] {
  const unresolved = (value: unknown, path: string, off: string) =>
    typeof value === "string" || value === null || value === undefined
      ? null
      : finding(
          "peer-token-unresolved",
          "error",
          `OpenClaw has not resolved the token, so ${off} peer ${quote(name)}`,
          "set what the SecretRef names, and restart the gateway",
          path,
        );
  const at = formatPath(["peers", name]);
  return [
    unresolved(token, `${at}.token`, "no task is given to"),
    unresolved(accept?.token, `${at}.accept.token`, "no task is taken from"),
  ];
}

function reached(peer: ConfiguredPeer, { online, failure, unfit, clockOffsetMs }: KnownPeer): Finding | null {
  if (typeof peer.token !== "string") return null;
  const at = formatPath(["peers", peer.name]);
  const who = `peer ${quote(peer.name)} gets no tasks`;
  const fix = `"openclaw node-router peers probe ${safe(peer.name)}" shows how far a request comes`;
  if (online === false) {
    const why = failure === null ? "it does not answer" : safe(failure);
    return finding("peer-offline", "warning", `${who}: ${why}`, fix, at);
  }
  if (unfit !== null) return finding("peer-unfit", "error", `${who}: it ${safe(unfit)}`, fix, at);
  const doubt = clockDoubt(clockOffsetMs);
  const byNtp = "set the clocks of both machines by NTP";
  return doubt === null ? null : finding("peer-clock", "error", `${who}: it ${doubt}`, byNtp, at);
}

function accepted(name: string, { agents }: PeerAccept, hostConfig: unknown): readonly Finding[] {
  const listed = listedAgentIds(hostConfig);
  return agents.flatMap((agent, index) => {
    const path = formatPath(["peers", name, "accept", "agents", index]);
    const id = normalizeAgentId(agent);
    if (listed !== null && !listed.includes(id)) {
      const fix = didYouMean(agent, listed) ?? "name one that openclaw.json has, or leave it out";
      const fact = `peer ${quote(name)} may give tasks to agent ${quote(agent)}, which is not configured`;
      return [finding("peer-agent-unknown", "error", fact, fix, path)];
    }
    const { allow } = agentSection(hostConfig, id, "tools");
    if (Array.isArray(allow)) return [];
    const fact = `peer ${quote(name)} may give tasks to agent ${quote(agent)}, whose tools are not limited: whoever speaks for the peer can have it run commands`;
    const fix = `set ${settingPath(hostConfig, id, "tools", "allow")}, or let a separate agent take its tasks`;
    return [finding("peer-agent-tools", "warning", fact, fix, path)];
  });
}
