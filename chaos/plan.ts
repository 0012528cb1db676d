// What goes wrong, and when: a pure function of the seed, so that a seed that failed puts the same faults in again.
import { GATEWAY, OVER_SSH, PAIRED, VARIANTS } from "./rules.ts";
import { type Seeded, seeded } from "./seeded.ts";

/**
 * `cut`: the machine's connections are reset. `slow`: each byte takes `ms` more, each way. `hole`: nothing passes, nothing
 * is closed. `suspend`: its processes stand still. `kill`: kill -9, and back after that. `restart`: an orderly end, and
 * back. `drop`: kill -9 of what serves the connections of an sshd. `config`: other tags, rules and taints. `reload`: of
 * the plugin, with the same rules. `cordon`, `drain`: and taken back after that.
 */
export type FaultKind =
  | "cut"
  | "slow"
  | "hole"
  | "suspend"
  | "kill"
  | "restart"
  | "drop"
  | "config"
  | "reload"
  | "cordon"
  | "drain";

export interface Fault {
  /** Ms after the start. */
  readonly atMs: number;
  readonly kind: FaultKind;
  /** A machine. */
  readonly target: string;
  /** How long it lasts; 0: a moment. */
  readonly forMs: number;
  /** Of `slow`. */
  readonly ms: number;
  /** Of `config`: a name of VARIANTS. */
  readonly variant: string | null;
}

/** What CI runs; its plan has every kind of fault but a black hole, and most variants of the rules. */
export const OF_CI = { seed: 1_007, minutes: 1.25 };

const FIRST_MS = 2_000;
/** The gateway's own faults cost it most of half a minute: so often at most. */
const GATEWAY_EVERY_MS = 75_000;
/** Nothing new goes wrong so shortly before the end. */
const CALM_MS = 5_000;

const ANY_NODE = { cut: 4, slow: 3, hole: 3, cordon: 2, drain: 1 };
const OF_PAIRED = { ...ANY_NODE, kill: 2, restart: 1, suspend: 2 };
const OF_SSH = { ...ANY_NODE, drop: 3, suspend: 2, restart: 1 };
const OF_GATEWAY = { kill: 3, restart: 1 };
const WHAT = { node: 10, config: 3, reload: 1, pause: 1 };

/** The faults in their order. The same seed and length give the same list; a longer one begins like a shorter one. */
export function planFaults(seed: number, durationMs: number, machines: readonly string[]): readonly Fault[] {
  const chance = seeded(`${seed}/faults`);
  const faults: Fault[] = [];
  const freeAt = new Map<string, number>();
  let variant = "base";
  let gatewayAtMs = FIRST_MS + chance.int(15_000, 30_000);
  for (let atMs = FIRST_MS; atMs < durationMs - CALM_MS; atMs += chance.int(1_000, 6_000)) {
    if (atMs >= gatewayAtMs) {
      const kind = chance.weighted(OF_GATEWAY);
      faults.push(fault({ atMs, kind, target: GATEWAY, forMs: chance.int(0, 4_000) }));
      gatewayAtMs = atMs + GATEWAY_EVERY_MS + chance.int(0, 20_000);
      continue;
    }
    const what = chance.weighted(WHAT);
    if (what === "config") {
      const before = variant;
      variant = chance.pick(Object.keys(VARIANTS).filter((name) => name !== before));
      faults.push(fault({ atMs, kind: "config", target: GATEWAY, variant }));
    } else if (what === "reload") faults.push(fault({ atMs, kind: "reload", target: GATEWAY }));
    else if (what === "pause")
      faults.push(fault({ atMs, kind: "suspend", target: GATEWAY, forMs: chance.int(500, 3_000) }));
    else {
      const free = machines.filter((name) => (freeAt.get(name) ?? 0) <= atMs);
      if (free.length === 0) continue;
      const target = chance.pick(free);
      const made = nodeFault(chance, atMs, target);
      freeAt.set(target, atMs + made.forMs);
      faults.push(made);
    }
  }
  return faults;
}

function nodeFault(chance: Seeded, atMs: number, target: string): Fault {
  const kind: FaultKind = isIn(OVER_SSH, target) ? chance.weighted(OF_SSH) : chance.weighted(OF_PAIRED);
  const [least, most] = {
    cut: [0, 0],
    drop: [0, 0],
    slow: [3_000, 15_000],
    hole: [1_000, 20_000],
    suspend: [500, 15_000],
    kill: [0, 10_000],
    restart: [0, 5_000],
    cordon: [5_000, 20_000],
    drain: [5_000, 20_000],
  }[kind as Exclude<FaultKind, "config" | "reload">] as [number, number];
  const ms = kind === "slow" ? chance.int(20, 600) : 0;
  return fault({ atMs, kind, target, forMs: chance.int(least, most), ms });
}

const isIn = (list: readonly string[], name: string): boolean => list.includes(name);

/** Every machine that has faults of its own, the gateway apart. */
export const ALL_NODES: readonly string[] = [...PAIRED, ...OVER_SSH];

function fault(given: Pick<Fault, "atMs" | "kind" | "target"> & Partial<Fault>): Fault {
  return { forMs: 0, ms: 0, variant: null, ...given };
}

/** One line: `  12.3 s  hole    pair-1 for 4.0 s`. */
export function faultText({ atMs, kind, target, forMs, ms, variant }: Fault): string {
  const what = [
    target,
    ...(variant === null ? [] : [variant]),
    ...(ms === 0 ? [] : [`by ${ms} ms each way`]),
    ...(forMs === 0 ? [] : [`for ${(forMs / 1000).toFixed(1)} s`]),
  ];
  return `${(atMs / 1000).toFixed(1).padStart(7)} s  ${kind.padEnd(7)} ${what.join(" ")}`;
}
