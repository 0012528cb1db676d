// A machine behind a link of its own: a network namespace, which is gone with the process that holds it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";
import { sshdPath } from "../../test/support/ssh/sshd.ts";

export interface FarMachine {
  /** Addresses of the link's ends. */
  readonly near: string;
  readonly far: string;
  /** Command that runs its arguments there. */
  readonly through: readonly string[];
  /** A black hole: nothing passes, and nobody is told. What is under way is lost, as TCP expects. */
  cut(): void;
  heal(): void;
  stop(): void;
}

const CABLE = fileURLToPath(new URL("cable.pl", import.meta.url));
/** As Tailscale has it. */
const MTU = 1_280;
const PROGRAMS = ["ip", "unshare", "nsenter", "perl", "ssh"];

/** Why there are no far machines here; null: there are. */
export function farMachinesUnavailable(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it takes root on Linux";
  if (sshdPath() === null) return "sshd is not installed";
  try {
    accessSync("/dev/net/tun", constants.W_OK);
    for (const name of PROGRAMS) execFileSync("sh", ["-c", 'command -v "$0"', name], { stdio: "ignore" });
    execFileSync("unshare", ["-n", "true"], { stdio: "ignore" });
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
  }
}

/**
 * In a network namespace that nobody else is in: the near ends of the links are made there.
 * @param at 0 to 255, another for each machine
 * @param oneWayMs half of the round-trip time
 */
export async function startFarMachine(at: number, oneWayMs: number): Promise<FarMachine> {
  const [near, far] = [`10.77.${at}.1`, `10.77.${at}.2`];
  const children: ChildProcess[] = [];
  // Both end with their input, also when this process is killed.
  const begin = async (file: string, args: readonly string[]): Promise<ChildProcess> => {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    await new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`${file} has ended (${code})`)));
      child.stdout?.once("data", resolve);
    });
    return child;
  };
  const holder = await begin("unshare", [
    "-n",
    "sh",
    "-c",
    "ip link set lo up && echo ready && exec cat >/dev/null",
  ]);
  const cable = await begin("perl", [CABLE, `near${at}`, `far${at}`, String(oneWayMs)]);
  const through = ["nsenter", "-t", String(holder.pid), "-n", "--"];
  const run = (...[file = "", ...args]: readonly string[]): unknown => execFileSync(file, args);
  const ends = (device: string, address: string): readonly (readonly string[])[] => [
    ["ip", "addr", "add", `${address}/30`, "dev", device],
    ["ip", "link", "set", device, "mtu", String(MTU), "up"],
  ];
  run("ip", "link", "set", `far${at}`, "netns", String(holder.pid));
  for (const line of ends(`near${at}`, near)) run(...line);
  for (const line of ends(`far${at}`, far)) run(...through, ...line);
  return {
    near,
    far,
    through,
    cut: () => void cable.stdin?.write("cut\n"),
    heal: () => void cable.stdin?.write("heal\n"),
    stop() {
      for (const child of children) child.stdin?.end();
    },
  };
}
