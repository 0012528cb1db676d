// The way back of kept tunnels without OpenClaw: the keeper, real sshds, and stand-ins for the node hosts, so that many links
// can be cut at once. Runs in a network namespace of its own and tells each step on stderr:
// unshare -n node bench/tunnel/alone.ts '{"rttMs":70,"cuts":[[10,20],[25,20],[150,5]],"machines":10}'
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { resolveConfig } from "../../src/config/resolve.ts";
import { createTunnelKeeper } from "../../src/nodeRouter/tunnels/keepTunnels.ts";
import { createLogger } from "../../src/shared/logger.ts";
import { makeKey } from "../../test/support/ssh/keys.ts";
import { type Sshd, startSshd } from "../../test/support/ssh/sshd.ts";
import { pause } from "../../test/support/wait.ts";
import { type CutRow, cutAll } from "./cuts.ts";
import { type FarMachine, startFarMachine } from "./farMachine.ts";

const PORT = 18_789;
const NODE = fileURLToPath(new URL("standInNode.mjs", import.meta.url));

interface Place {
  readonly name: string;
  readonly machine: FarMachine;
  readonly sshd: Sshd;
  readonly node: ChildProcess;
}

const { rttMs, cuts, machines } = JSON.parse(process.argv[2] ?? "") as {
  readonly rttMs: number;
  readonly cuts: readonly (readonly [number, number])[];
  readonly machines: number;
};
execFileSync("ip", ["link", "set", "lo", "up"]);
const dir = mkdtempSync(join(tmpdir(), "node-router-tunnels-"));
const key = makeKey("ed25519");
const [identityFile, knownHostsFile] = [join(dir, "id"), join(dir, "known_hosts")];
writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
const gateway = createServer({ noDelay: true }, (socket) => socket.on("error", () => {}).pipe(socket));
await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
const address = gateway.address();
const port = typeof address === "object" ? (address?.port ?? 0) : 0;
const places: Place[] = [];
for (let at = 0; at < machines; at += 1) {
  const machine = await startFarMachine(at, rttMs / 2);
  const config = [`ListenAddress ${machine.far}`];
  const sshd = await startSshd({ authorizedKeys: [key.publicKey], config, through: machine.through });
  const [file = "", ...line] = [...machine.through, process.execPath, NODE, String(PORT)];
  const node = spawn(file, line, { stdio: ["ignore", "pipe", "inherit"] });
  places.push({ name: `mac-${at}`, machine, sshd, node });
}
writeFileSync(
  knownHostsFile,
  places.map(({ machine, sshd }) => sshd.knownHosts(`[${machine.far}]:${sshd.port}`)).join(""),
);
const nodes = places.map(({ name, machine, sshd }) => {
  const ssh = { host: machine.far, port: sshd.port, user: sshd.user, identityFile, knownHostsFile };
  return [name, { tailscale: false, ssh: { ...ssh, tunnel: { port: PORT } } }];
});
const config = resolveConfig({ nodes: Object.fromEntries(nodes) });
const say = (text: string): void => console.error(`${new Date().toISOString()} ${text}`);
const log = createLogger({ info: say, warn: say, error: say });
const needs = { config: () => config, door: () => ({ ok: true, port }) as const, log };
const keeper = createTunnelKeeper(needs);
try {
  const answer = (node: ChildProcess): Promise<unknown> =>
    new Promise((resolve) => node.stdout?.once("data", resolve));
  const first = places.map(({ node }) => answer(node));
  keeper.use(needs);
  await Promise.all(first);
  const rows: readonly CutRow[] = await cutAll(places, cuts, async ({ name, machine, node }, seconds) => {
    const back = answer(node);
    machine.cut();
    await pause(seconds * 1_000);
    machine.heal();
    say(`${name} is healed`);
    const [fromMs, fromEpochMs] = [performance.now(), Date.now()];
    await back;
    const backMs = performance.now() - fromMs;
    const state = keeper.now().get(name)?.state;
    const upMs = state?.is === "up" ? Math.round(state.sinceMs - fromEpochMs) : null;
    console.error(
      `${name}: ${seconds} s away, tunnel up after ${upMs} ms, back after ${Math.round(backMs)} ms`,
    );
    return backMs;
  });
  console.log(JSON.stringify(rows));
} finally {
  keeper.stop();
  gateway.close();
  for (const { sshd, node, machine } of places) {
    node.kill();
    await sshd.stop();
    machine.stop();
  }
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
