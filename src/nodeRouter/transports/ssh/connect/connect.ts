// One authenticated connection to a node, over its jump hosts, with every host key checked.
import type { Client } from "ssh2";
import type { ConnectEnv } from "./base/env.ts";
import { withMore } from "./base/hopRefusal.ts";
import type { Step } from "./base/steps.ts";
import { endsWith, NodeMisbehaved, sever } from "./bounds/guard.ts";
import type { Failure } from "./failure.ts";
import { hopAddress, type SshTarget } from "./hops.ts";
import { type ConnectOptions, withDefaults } from "./options.ts";
import { reachHop, type TrustedHostKey } from "./reachHop.ts";

export type ConnectResult =
  | {
      readonly ok: true;
      /** Ready. The connections to its jump hosts end with it. */
      readonly client: Client;
      readonly hostKey: TrustedHostKey;
      readonly steps: readonly Step[];
    }
  | (Failure & { readonly steps: readonly Step[] });

/**
 * Connects and logs in. Codes: NODE_UNREACHABLE, AUTH_FAILED, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_KEY_REVOKED,
 * SSH_SETTINGS_INVALID (a known_hosts file that cannot be read), NOT_STARTED (aborted). The client has a listener
 * for errors, so that none is unhandled; what it means is for who uses the client.
 */
export async function connect(
  target: SshTarget,
  env: ConnectEnv,
  options: ConnectOptions = {},
): Promise<ConnectResult> {
  const result = await connectTo(target, env, options);
  if (result.ok || target.notAsked === null) return result;
  // The likely cause, where host names, users and keys stand in a file that nobody read.
  return withMore(result, ` (ssh_config was not read: ${target.notAsked})`);
}

async function connectTo(
  target: SshTarget,
  env: ConnectEnv,
  options: ConnectOptions,
): Promise<ConnectResult> {
  const steps: Step[] = [];
  const jumps = await reachJumps(target, env, options, steps);
  if (!jumps.ok) return { ...jumps, steps };
  const place = { node: target.node, address: hopAddress(target.last), jump: null, at: target.last.at };
  const limits = withDefaults(options);
  const reached = await reachHop({ hop: target.last, place, via: jumps.via, env, limits, steps });
  if (!reached.ok) {
    jumps.close();
    return { ...reached, steps };
  }
  const { client, hostKey } = reached;
  client.once("close", jumps.close);
  // A jump host that never says that the way is closed must not keep it open.
  endsWith(client, jumps.close);
  // What a jump host does is the way's failure.
  for (const jump of jumps.clients) {
    jump.on("error", (error: Error) => {
      if (error instanceof NodeMisbehaved) client.emit("error", error);
    });
  }
  return { ok: true, client, hostKey, steps };
}

export type Jumps =
  | {
      readonly ok: true;
      /** The last of them; null = there are none. */
      readonly via: { readonly client: Client; readonly name: string } | null;
      readonly clients: readonly Client[];
      /** Ends them all; may be called again. */
      readonly close: () => void;
    }
  | Failure;

/** Logs in to the jump hosts, one through the other. */
export async function reachJumps(
  target: SshTarget,
  env: ConnectEnv,
  options: ConnectOptions,
  steps: Step[],
): Promise<Jumps> {
  const open: { client: Client; name: string }[] = [];
  const close = () => {
    for (const { client } of open.splice(0).reverse()) sever(client);
  };
  const limits = withDefaults(options);
  for (const hop of target.jumps) {
    const place = { node: target.node, address: hopAddress(hop), jump: hop.name, at: hop.at };
    const reached = await reachHop({ hop, place, via: open.at(-1) ?? null, env, limits, steps });
    if (!reached.ok) {
      close();
      return reached;
    }
    open.push({ client: reached.client, name: hop.name });
  }
  return { ok: true, via: open.at(-1) ?? null, clients: open.map(({ client }) => client), close };
}
