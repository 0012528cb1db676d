// Which port of this machine a tunnel leads to, and whether the gateway behind it asks whoever comes who they are. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { section } from "../host/hostConfig.ts";

/** Where connections of a tunnel go. */
export type Door = { readonly ok: true; readonly port: number } | (Refusal & { readonly ok: false });

/** OpenClaw's own (docs/cli/gateway.md). */
const DEFAULT_PORT = 18_789;

/** What a running gateway is known by. */
export interface DoorFacts {
  /** Its whole config as it is now. */
  readonly hostConfig: unknown;
  /** Of its process: OpenClaw sets OPENCLAW_GATEWAY_PORT at its start to the port in use. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Of its process: `--auth` outweighs the config. */
  readonly arguments: readonly string[];
}

/**
 * The gateway's port on 127.0.0.1, on which it listens in every bind mode. Refusal: TUNNEL_NO_AUTH.
 * SECURITY: whoever is on the node may come through a tunnel, and to the gateway they come from loopback.
 */
export function gatewayDoor({ hostConfig, variables, arguments: argv }: DoorFacts): Door {
  const auth = section(hostConfig, "gateway", "auth");
  const mode = argumentOf(argv, "--auth") ?? auth.mode;
  if (mode === "none")
    return shut('gateway.auth.mode is "none", so the gateway would ask nobody who they are');
  const proxy = section(hostConfig, "gateway", "auth", "trustedProxy");
  if (mode === "trusted-proxy" && proxy.allowLoopback === true) {
    return shut(
      "gateway.auth.trustedProxy.allowLoopback is true, so the gateway would believe the name that anybody on the node gives",
    );
  }
  const used = variables.OPENCLAW_GATEWAY_PORT?.trim() ?? "";
  const { port } = section(hostConfig, "gateway");
  const known = /^\d+$/.test(used) ? Number(used) : port;
  return { ok: true, port: typeof known === "number" && known > 0 ? known : DEFAULT_PORT };
}

function shut(fact: string): Door {
  return { ok: false, ...refusal("TUNNEL_NO_AUTH", fact) };
}

/** The value of the last `--name value` or `--name=value`; null: there is none. */
function argumentOf(argv: readonly string[], name: string): string | null {
  const at = argv.findLastIndex((one) => one === name || one.startsWith(`${name}=`));
  const found = argv[at];
  if (found === undefined) return null;
  return found === name ? (argv[at + 1] ?? null) : found.slice(name.length + 1);
}
