// One tunnel over one SSH connection of its own: opened, looked at from the node's side, and only then in use.
import type { Client } from "ssh2";
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { connect, resolveTarget } from "../transports/ssh/client.ts";
import type { ConnectEnv } from "../transports/ssh/connect/base/env.ts";
import { type HopPlace, machineText } from "../transports/ssh/connect/base/machineName.ts";
import { NodeMisbehaved, sever } from "../transports/ssh/connect/bounds/guard.ts";
import { hopAddress, type SshTarget } from "../transports/ssh/connect/hops.ts";
import { type Channels, takeChannels } from "./channels.ts";
import { bind, endEarlier, lookAtPort, noteLife, whatIsAllowed } from "./forward.ts";
import type { Door } from "./gatewayDoor.ts";
import { type Ends, endsOf, isInTime, knock, resetConnection } from "./knock.ts";
import { isLoopback, type PortLook } from "./portLook.ts";
import { exposed, forbidden, portTaken, unseen } from "./tunnelRefusals.ts";

/** More are turned away: a node host needs one, a browser some. */
const MOST_CONNECTIONS = 64;
/** Until an attempt is given up, and how often one dials in it: a link that heals is met by the next dial. */
const TCP = { tcpTimeoutMs: 2_000, redialMs: 300 };
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Silence is noticed after 6 to 9 s. */
const KEEPALIVE = { keepaliveIntervalMs: 3_000, keepaliveCountMax: 2 };
/** An sshd that has not noticed yet that its old connection is gone goes on to listen. */
const OLD_LISTENER = { waitMs: 6_000, everyMs: 500 };

export interface TunnelRequest {
  /** With `ssh`. */
  readonly node: ConfiguredNode;
  /** To listen on, on the node's 127.0.0.1. */
  readonly port: number;
  /** Asked at the beginning, and for each connection that comes in. */
  readonly door: () => Door;
  readonly env: ConnectEnv;
  /** Gives up what is under way; a tunnel that is open stays. */
  readonly signal?: AbortSignal;
  /** How the node is reached, where that was settled a moment ago. */
  readonly target?: SshTarget | null;
  /** An earlier tunnel to this port, whose connection is gone: what is left of it there is ended. */
  readonly earlier?: EarlierTunnel | null;
  /** Told of it as soon as it is settled. */
  readonly onTarget?: (target: SshTarget) => void;
}

export interface EarlierTunnel {
  /** The process of sshd that serves it; null: the node did not tell. */
  readonly server: string | null;
  readonly ends: Ends | null;
}

export interface Tunnel extends EarlierTunnel {
  readonly port: number;
  /** Connections through it that are open now. */
  readonly connections: () => number;
  /** Resolves when it is gone, to why; never rejects. */
  readonly closed: Promise<TunnelFailure>;
  /** Ends it and everything that goes through it; may be called again. */
  close(): void;
}

/** `isBlocked`: waiting alone will not mend it. */
export type TunnelFailure = Refusal & { readonly ok: false; readonly isBlocked: boolean };

export type OpenedTunnel = { readonly ok: true; readonly tunnel: Tunnel } | TunnelFailure;

/**
 * Opens a reverse forward from the node's 127.0.0.1 to the gateway's port on loopback, over an SSH connection of its
 * own, and looks from the node's side that nobody else can reach it; until then nobody is let in. What is not opened
 * leaves nothing behind. For the tunnels of the config, and for a set-up that needs one for a while.
 * Never rejects for anything that can be expected. Refusals, beside those of `connect` and `resolveTarget`:
 * TUNNEL_NO_AUTH (the gateway would ask nobody who they are), TUNNEL_PORT_TAKEN, TUNNEL_FORBIDDEN (sshd does not allow
 * it), TUNNEL_EXPOSED (it listens where others reach it, or that could not be seen).
 */
export async function openTunnelOnce(request: TunnelRequest): Promise<OpenedTunnel> {
  const { node, env, signal } = request;
  const door = request.door();
  if (!door.ok) return { ...door, isBlocked: true };
  let target = request.target ?? null;
  if (target === null) {
    const resolved = await resolveTarget(node, env, signal);
    if (!resolved.ok) return failed(resolved);
    target = resolved.target;
    request.onTarget?.(target);
  }
  const ends = request.earlier?.ends ?? null;
  const options = {
    ...TCP,
    handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    ...KEEPALIVE,
    onExchanged: (ms: number) => {
      if (ends !== null && isInTime(ms)) knock(ends);
    },
    signal,
  };
  const connected = await connect(target, env, options);
  if (!connected.ok) return failed(connected);
  const { last } = target;
  const place: HopPlace = { node: target.node, address: hopAddress(last), jump: null, at: last.at };
  return adopt(connected.client, place, request);
}

/** Whether waiting alone may mend it. */
function failed(refused: Refusal): TunnelFailure {
  const { code, fact, nothingRan, advice } = refused;
  const isBlocked = code !== "NODE_UNREACHABLE" && code !== "NOT_STARTED";
  return { ok: false, code, fact, nothingRan, advice, isBlocked };
}

async function adopt(client: Client, place: HopPlace, request: TunnelRequest): Promise<OpenedTunnel> {
  const { promise: closed, resolve: tell } = Promise.withResolvers<TunnelFailure>();
  let lastWords: string | null = null;
  const close = (why: Refusal, isMisconduct = false): void => {
    const failure = failed(why);
    tell(isMisconduct ? { ...failure, isBlocked: true } : failure);
    channels.end();
    sever(client);
  };
  const lost = (): Refusal =>
    refusal(
      "NODE_UNREACHABLE",
      `the tunnel's connection to ${machineText(place)} was lost${lastWords === null ? "" : ` (${lastWords})`}`,
    );
  const { port, door } = request;
  const channels: Channels = takeChannels(client, {
    port,
    door,
    most: MOST_CONNECTIONS,
    onShut: (why) => close(why),
  });
  client.on("error", (error: Error) => {
    resetConnection(client);
    lastWords = error.message.slice(0, 200);
    close(lost(), error instanceof NodeMisbehaved);
  });
  client.once("close", () => close(lost()));
  noteLife(client);
  const onAbort = (): void =>
    close(refusal("NOT_STARTED", `the tunnel to ${machineText(place)} was given up`));
  if (request.signal?.aborted) onAbort();
  request.signal?.addEventListener("abort", onAbort, { once: true });
  const ends = endsOf(client);
  const opening = listen(client, place, port, request.earlier?.server ?? null);
  // Whichever is first: nothing is awaited of a connection that is gone.
  const listening = await Promise.race([opening, closed]);
  request.signal?.removeEventListener("abort", onAbort);
  if (!("server" in listening)) {
    close(listening);
    return "isBlocked" in listening ? listening : failed(listening);
  }
  channels.letIn();
  const tunnel: Tunnel = {
    port,
    server: listening.server,
    ends,
    connections: channels.count,
    closed,
    close: () => close(refusal("NOT_STARTED", `the tunnel to ${machineText(place)} was ended here`)),
  };
  return { ok: true, tunnel };
}

/** It listens on the node's loopback, and nowhere else; or why not. */
async function listen(
  client: Client,
  place: HopPlace,
  port: number,
  earlier: string | null,
): Promise<Pick<EarlierTunnel, "server"> | Refusal> {
  const untilMs = performance.now() + OLD_LISTENER.waitMs;
  // First of all: the node host is connected to it, knows of no cut, and tries again a second after its end.
  let ending = earlier === null ? null : endEarlier(client, earlier);
  ending?.catch(() => {});
  let wasFree = false;
  for (;;) {
    // Both at once: a server answers in order, so what is seen is what there is after the binding.
    const binding = bind(client, port);
    const looking = lookAtPort(client, port, false);
    if (await binding) {
      let look = await looking;
      if (look === null && earlier !== null) {
        // With `MaxSessions 1` the command that ends had the only one.
        await ending;
        await pause(OLD_LISTENER.everyMs);
        look = await lookAtPort(client, port, false);
      }
      return verdict(place, port, look) ?? { server: look?.server ?? null };
    }
    if (ending !== null) {
      await ending;
      ending = null;
      continue;
    }
    const found = await lookAtPort(client, port, true);
    if (found === null || found.addresses.length === 0) {
      // Whoever had it may have gone between the two questions.
      if (!wasFree) {
        wasFree = true;
        continue;
      }
      return forbidden(place, port, await whatIsAllowed(client), found !== null);
    }
    const isOld = found.programs.length === 0 || found.programs.some((name) => name.startsWith("sshd"));
    if (!isOld || performance.now() > untilMs) return portTaken(place, port, found.programs);
    await pause(OLD_LISTENER.everyMs);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** SECURITY: with `GatewayPorts yes` sshd listens on every address, whatever it was asked for. */
function verdict(place: HopPlace, port: number, look: PortLook | null): Refusal | null {
  if (look === null || look.addresses.length === 0) return unseen(place, port);
  const others = look.addresses.filter((address) => !isLoopback(address));
  return others.length === 0 ? null : exposed(place, port, others);
}
