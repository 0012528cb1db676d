// What one hostile node does to a gateway: how long its thread stands still, how its memory grows, and how long the
// commands on another node take. Nodes and gateway are processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ATTACKS, type Attack } from "../test/support/ssh/hostileServer.ts";

export interface HostileRow {
  readonly attack: string;
  /** Longest time in which the gateway's thread did nothing else, before and during the attack. */
  readonly stallBeforeMs: number;
  readonly stallMs: number;
  readonly growthMb: number;
  /** Of a command on another node. */
  readonly p99BeforeMs: number;
  /** Null: none of them ended. */
  readonly p99Ms: number | null;
  readonly commands: number;
}

const ROLE = fileURLToPath(new URL("hostileRole.ts", import.meta.url));

export async function benchHostile(
  attacks: readonly Attack[] = Object.keys(ATTACKS).filter(isAttack),
): Promise<readonly HostileRow[]> {
  const rows: HostileRow[] = [];
  for (const attack of attacks) {
    const started: ChildProcess[] = [];
    const line = async (...args: string[]): Promise<string> => {
      const child = spawn(process.execPath, [ROLE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      started.push(child);
      const [first] = await once(createInterface({ input: child.stdout }), "line");
      return String(first);
    };
    try {
      const evil = await line("serve", attack);
      const good = await line("serve", "none");
      rows.push({ attack: ATTACKS[attack], ...JSON.parse(await line("gateway", evil, good, attack)) });
    } finally {
      for (const child of started) child.kill("SIGKILL");
    }
  }
  return rows;
}

function isAttack(name: string): name is Attack {
  return Object.hasOwn(ATTACKS, name);
}
