// The host's pairing for `join`, and `join --print`: what to type on a machine that the gateway cannot reach.
import { formatPath } from "../../../config/problems/path.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { safe } from "../../../shared/safeText.ts";
import { shellWord } from "../../../shared/shell.ts";
import { type SetupPairing, USUAL_PORT } from "../../setup/joinSteps.ts";
import type { SetupLook, SetupPackage } from "../../setup/setupGateway.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_OK, type Output } from "./output.ts";

interface SetupCode {
  readonly setupId: string;
  readonly expiresAtMs?: number;
  readonly setupCode: string;
  readonly joinUrl?: string;
}

/** What `--print` shows as JSON. */
export interface JoinLines {
  readonly node: string;
  /** To be typed on the node, in this order. */
  readonly onNode: readonly string[];
  /** To be typed on the gateway afterwards. */
  readonly onGateway: readonly string[];
  /** ISO 8601: the code in `onNode` counts until then, and once; null: the gateway does not say. */
  readonly expires: string | null;
}

/** Where the tunnel is to listen; null: what was written is no port. */
export function portOf({ tunnelPort }: { readonly tunnelPort?: string | undefined }): number | null {
  if (tunnelPort === undefined) return USUAL_PORT;
  const port = /^\d{1,5}$/.test(tunnelPort) ? Number(tunnelPort) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** Needs the rights of an operator's administrator. */
export function pairingOf(ask: AskGateway): SetupPairing {
  return {
    async code(publicUrl) {
      const { setupId, joinUrl, setupCode } = await askCode(ask, publicUrl);
      return { setupId, target: joinUrl ?? setupCode };
    },
    async usedBy(setupId) {
      const { completion, deliveryUncertain } = await ask<
        Partial<Record<"completion" | "deliveryUncertain", { readonly deviceId: string }>>
      >("device.pair.setupStatus", { setupId });
      return (completion ?? deliveryUncertain)?.deviceId ?? null;
    },
    async remove(deviceId) {
      await ask("device.pair.remove", { deviceId });
    },
  };
}

/** Writes nothing but the package's archive, which the node fetches. Always exit code 0: what fails is thrown. */
export async function printJoin(
  node: string,
  options: {
    readonly json?: boolean | undefined;
    readonly tunnelPort?: string | undefined;
    readonly service?: boolean | undefined;
  },
  ask: AskGateway,
  out: Output,
): Promise<number> {
  const port = portOf(options) ?? USUAL_PORT;
  const [{ openclaw, port: gatewayPort, entry }, gateway] = await Promise.all([
    ask<SetupLook>("noderouter.setup", { op: "look", node }),
    ask<SetupPackage>("noderouter.setup", { op: "package" }),
  ]);
  const code = await askCode(ask, `http://127.0.0.1:${port}`);
  const login = shellWord(`${gateway.user}@${gateway.address}`);
  const name = shellWord(node);
  const archive = "openclaw-node-router.tgz";
  const lines: JoinLines = {
    node,
    onNode: [
      `npm install -g openclaw@${shellWord(openclaw)}`,
      `scp -P ${gateway.sshPort} ${login}:${shellWord(gateway.file)} ${archive}`,
      `openclaw plugins install npm-pack:${archive} --force --accept-capabilities`,
      `ssh -f -N -o ExitOnForwardFailure=yes -o ServerAliveInterval=15 -p ${gateway.sshPort} -L ${port}:127.0.0.1:${gatewayPort} ${login}`,
      `openclaw connect ${shellWord(code.joinUrl ?? code.setupCode)}${options.service === false ? "" : " --service"} --display-name ${name}`,
    ],
    onGateway: [
      // Set to an entry that is there it would replace it.
      ...(entry === null
        ? [`openclaw config set ${shellWord(formatPath(["nodes", node]))} '{}' --strict-json`]
        : []),
      "openclaw node-router doctor",
    ],
    expires: code.expiresAtMs === undefined ? null : isoTime(code.expiresAtMs),
  };
  if (options.json === true) out.data(lines);
  else {
    out.print(
      safe(`on ${node}, which the gateway does not reach, and which reaches ${gateway.address} over SSH:`),
    );
    for (const line of lines.onNode) out.print(`  ${safe(line)}`);
    out.print(
      `The last line holds a code that counts once, and until ${lines.expires ?? "then"} (10 minutes). Show it to nobody.`,
    );
    out.print(
      "The tunnel of the fourth line is the node's own: nothing brings it back. Then, on the gateway:",
    );
    for (const line of lines.onGateway) out.print(`  ${safe(line)}`);
  }
  return EXIT_OK;
}

/** SECURITY: the code is a login; it goes to the node's stdin, or onto this terminal for who asked for it. */
function askCode(ask: AskGateway, publicUrl: string): Promise<SetupCode> {
  return ask<SetupCode>("device.pair.setupCode", {
    publicUrl,
    joinUrl: true,
    bootstrapProfile: "node",
    includeQr: false,
  });
}
