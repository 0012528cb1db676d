// `noderouter.peerSetup`: what `peers invite` and `peers join` ask of the gateway, which alone has the keys and the config file.
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { validCountry } from "../../../shared/countries.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { itemsOf } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { refusal } from "../../../shared/refusal.ts";
import { inviteBook } from "../../delegation/invite/inviteBook.ts";
import { delegationsFolder, gatewayIdIn } from "../../delegation/journal/gatewayId.ts";
import { PEER_PATH } from "../../delegation/protocol/wire.ts";
import { discoveryOf } from "../../host/discovery.ts";
import { listedAgentIds, section } from "../../host/hostConfig.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { ownTailnetName } from "../../setup/guessPlace.ts";
import { type InviteNeeds, type InviteWishes, isTokenOf } from "../../setup/peers/invitePlan.ts";
import { joinPeer, lookAtJoin } from "../../setup/peers/joinPeer.ts";
import type { JoinNeeds, JoinPeerWishes } from "../../setup/peers/joinPlan.ts";
import { lookAtInvite, makeInvite, takeInviteBack } from "../../setup/peers/makeInvite.ts";
import { gatewayDoor } from "../../tunnels/gatewayDoor.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";
import type { SetupHost } from "./setupElsewhere.ts";

/** Of OpenClaw and of this machine. */
const ROUTE_MS = 5_000;
const TRY_MS = 15_000;
const DEFAULT_FOR_MS = 3_600_000;

/**
 * `{ op, … }`: `inviteLook`, `invite`, `invited`, `uninvite` with the shapes of `InviteWishes`; `joinLook`, `join` with
 * those of `JoinPeerWishes`. @throws UsageError; NodeRouterError for a refusal.
 */
export async function peerSetup(deps: RouterDeps, host: SetupHost, params: Params): Promise<unknown> {
  const gateway = await gatewayIdIn(delegationsFolder(host.stateFolder));
  switch (readTextParam(params, "op")) {
    case "inviteLook":
      return lookAtInvite(await inviteNeeds(deps, host, gateway), inviteWishes(params));
    case "invite":
      return makeInvite(await inviteNeeds(deps, host, gateway), inviteWishes(params));
    case "uninvite":
      return { undone: await takeInviteBack(await inviteNeeds(deps, host, gateway), textOf(params, "peer")) };
    case "invited":
      return { isOpen: await isRouteOpen(deps, host.stateFolder, textOf(params, "peer")) };
    case "joinLook":
      return lookAtJoin(await joinNeeds(deps, host, gateway), joinWishes(params));
    case "join":
      return joinPeer(await joinNeeds(deps, host, gateway), joinWishes(params));
    default:
      throw new UsageError("peerSetup needs an op: inviteLook, invite, invited, uninvite, joinLook, join");
  }
}

/** Whether what the invitation wrote is in force, and this gateway's own route answers. */
async function isRouteOpen(deps: RouterDeps, stateFolder: string, peer: string): Promise<boolean> {
  const invites = await inviteBook(stateFolder, deps.now).all();
  const invite = invites.find((one) => one.peer === peer) ?? null;
  if (!isTokenOf(invite, configOf(deps).peers.get(peer)?.accept?.token)) return false;
  const door = doorOf(deps);
  // Behind a gateway that asks nobody only a url leads, and its operator sees to that.
  if (!door.ok) return true;
  const request = { method: "POST", signal: AbortSignal.timeout(ROUTE_MS) };
  const answer = await fetch(`http://127.0.0.1:${door.port}${PEER_PATH}`, request).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status === 401;
}

function common(deps: RouterDeps, host: SetupHost, gateway: string) {
  return {
    config: () => configOf(deps),
    written: () => section(deps.hostConfig(), ...CONFIG_PATH.split(".")),
    agents: () => listedAgentIds(deps.hostConfig()),
    changeConfig: host.changeConfig,
    stateFolder: host.stateFolder,
    gateway,
    now: deps.now,
  };
}

async function inviteNeeds(deps: RouterDeps, host: SetupHost, gateway: string): Promise<InviteNeeds> {
  const { sshRoad } = await loadLater(() => import("../../delegation/carrier/sshRoad.ts"));
  const client = await loadLater(() => import("../../transports/ssh/client.ts"));
  const env = client.processEnv();
  const { address, sshPort } = discoveryOf(process.env, hostname());
  return {
    ...common(deps, host, gateway),
    home: deps.home ?? env.home,
    user: env.user,
    door: doorOf(deps),
    ownHosts: async () =>
      [...itemsOf([await ownTailnetName()]), address.value].filter((name) => typeof name === "string"),
    usualSshPort: sshPort.value,
    async hostKey(port) {
      const scanned = await client.trustNode(ownSshd({ port }), null, env);
      const key = scanned.ok ? scanned.report.keys[0] : undefined;
      if (key !== undefined) return key.fingerprint;
      const why = scanned.ok ? "it shows no host key" : scanned.fact;
      throw new NodeRouterError(
        refusal("SETUP_FAILED", `no sshd answers on port ${port} of this machine: ${why}`, {
          nothingRan: "nothing was changed",
          advice: "Start it, name its port with --ssh-port, or invite with --peer-url",
        }),
      );
    },
    async tryKey(identityData, port, hostKey, gatewayPort) {
      const node = () => ownSshd({ port, user: env.user, identityData, hostKey });
      const road = sshRoad({ peer: "this gateway", node, port: gatewayPort, env: () => env });
      try {
        const opened = await road.open(AbortSignal.timeout(TRY_MS));
        if (opened.ok) opened.stream.destroy();
        return opened.ok ? null : opened.why;
      } finally {
        road.close();
      }
    },
  };
}

/** @throws Error never: the name is ours. */
function ownSshd(ssh: object): ConfiguredNode {
  const name = "this-gateway";
  const node = resolveConfig({
    nodes: { [name]: { node: false, ssh: { host: "127.0.0.1", ...ssh } } },
  }).nodes.get(name);
  if (node === undefined) throw new Error("the settings of this machine's own sshd make no node");
  return node;
}

async function joinNeeds(deps: RouterDeps, host: SetupHost, gateway: string): Promise<JoinNeeds> {
  const { sshRoad } = await loadLater(() => import("../../delegation/carrier/sshRoad.ts"));
  const { urlRoad } = await loadLater(() => import("../../delegation/carrier/urlRoad.ts"));
  const { processEnv } = await loadLater(() => import("../../transports/ssh/client.ts"));
  return {
    ...common(deps, host, gateway),
    roadTo: (peer, node, { port, url }) =>
      node === null
        ? urlRoad(peer, new URL(url))
        : sshRoad({ peer, node: () => node, port, env: processEnv }),
    sleep,
  };
}

function inviteWishes(params: Params): InviteWishes {
  const { forMs = DEFAULT_FOR_MS, sshPort = null } = params;
  const agents = textsOf(params.agents);
  if (agents.length === 0) throw new UsageError("an invitation needs the agents that the peer may ask");
  if (typeof forMs !== "number" || (sshPort !== null && typeof sshPort !== "number"))
    throw new UsageError("forMs and sshPort are numbers");
  return {
    peer: textOf(params, "peer"),
    agents,
    forMs,
    url: urlOf(params),
    hosts: textsOf(params.hosts),
    sshPort,
  };
}

function joinWishes(params: Params): JoinPeerWishes {
  const country = readTextParam(params, "country")?.toUpperCase() ?? null;
  if (country !== null && !validCountry(country)) throw new UsageError("country is two letters such as SG");
  return {
    line: textOf(params, "line"),
    name: readTextParam(params, "name"),
    ssh: readTextParam(params, "ssh"),
    url: urlOf(params),
    country,
    tags: textsOf(params.tags),
    agents: textsOf(params.agents),
  };
}

function urlOf(params: Params): string | null {
  const url = readTextParam(params, "url");
  if (url !== null && !/^https?:/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new UsageError("url begins with https:// or http://");
  return url;
}

function textOf(params: Params, key: string): string {
  const text = readTextParam(params, key);
  if (text === null) throw new UsageError(`peerSetup needs ${key}`);
  return text;
}

function textsOf(value: unknown): readonly string[] {
  return itemsOf(value).filter((text) => typeof text === "string");
}

function doorOf(deps: RouterDeps): ReturnType<typeof gatewayDoor> {
  return gatewayDoor({ hostConfig: deps.hostConfig(), variables: process.env, arguments: process.argv });
}

function configOf({ memory }: RouterDeps): ResolvedConfig {
  return memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
}
