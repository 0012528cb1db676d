// The command tree with its options, and how a command reaches the gateway.
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { type CommandName, type CommandOptions, runCommand } from "./commands.ts";
import { EXIT_USAGE } from "./output.ts";
import type { Terminal } from "./terminal.ts";

type Program = Parameters<Parameters<OpenClawPluginApi["registerCli"]>[0]>[0]["program"];

interface Spec {
  readonly name: CommandName;
  readonly description: string;
  /** The one positional argument. */
  readonly argument?: readonly [name: string, description: string];
  readonly options?: readonly (readonly [flags: string, description: string])[];
  /** What `--timeout` means here, where it means more than elsewhere. */
  readonly timeout?: string;
}

/** Of `add` and `join`. */
const SETUP_OPTIONS: NonNullable<Spec["options"]> = [
  ["--name <node>", "inventory name; default: the host's first label"],
  ["--country <code>", 'where the machine is, for example "SG"; default: you are asked'],
  ["--city <name>", "and in which city"],
  ["--tags <list>", 'tags with commas, for example "region=sg,gpu"; default: region=<country>'],
  ["--agents <list>", "agents that work there from now on: a rule is added for those that have none"],
  ["--workspace <directory>", "absolute directory on the node; default: ~/work there"],
  ["--identity <file>", "private key file on the gateway; default: what ssh there would use"],
  ["--host-key <fingerprint>", "record this host key without asking, if the machine offers it"],
  ["--yes", "write without asking"],
];
const WHY_AND_HOW_LONG = [
  ["--reason <text>", "why, for those who find their calls refused"],
  ["--for <time>", "until when: 45m, 2h, 3d (default: until it is lifted)"],
] as const;

const COMMANDS: readonly Spec[] = [
  {
    name: "status",
    description: "Agents by rule, node, transport and presence; whether the plugin is in force",
  },
  {
    name: "nodes",
    description: "Every known node: state, address, place, round trip, load, free memory and disk, agents",
    options: [["--watch [seconds]", "look again every so many seconds (default 2), until interrupted"]],
  },
  {
    name: "events",
    description: "Changes of the nodes' states, the newest last",
    options: [
      ["--since <time>", "45m, 2h, 3d, or a date such as 2026-11-22"],
      ["--node <name>", "only this node"],
    ],
  },
  {
    name: "explain",
    description: "Where an agent's call would run, and why each node fits or not",
    options: [
      ["--agent <id>", "agent to explain"],
      ["--tool <name>", 'tool to explain (default "exec")'],
      ["--down <nodes>", "suppose that these nodes are down (names joined by commas)"],
      ["--cordon <nodes>", "suppose that these nodes are cordoned (names joined by commas)"],
      ["--require <selector>", "suppose that the rule requires this instead"],
      ["--at <time>", "suppose that it is then: 2h from now, or a date; cordons end by then"],
    ],
  },
  { name: "doctor", description: "Find what is wrong or contradicts a rule, with the fix" },
  {
    name: "guard",
    description: "Write the native settings that make OpenClaw itself refuse when the plugin is missing",
    options: [["--dry-run", "only show what would be written"]],
  },
  {
    name: "trust",
    description:
      "Show the SSH host keys that a node offers, and record one after you have compared it; with --paired, say which paired node it is",
    argument: ["<node>", "inventory name of a node"],
    options: [
      ["--yes <fingerprint>", "record this key without asking, if the node offers it"],
      ["--paired <id>", "the node's name stands for the paired node with this id from now on"],
    ],
  },
  {
    name: "probe",
    description: "Connect to a node over SSH, and show each step with its time",
    argument: ["<node>", "inventory name of a node with ssh settings"],
  },
  {
    name: "add",
    description: "Make a machine with SSH a node, in one go: trust, login, place, config, guard",
    argument: ["<ssh-host>", "[user@]host[:port], or a Host of ~/.ssh/config on the gateway"],
    options: SETUP_OPTIONS,
  },
  {
    name: "join",
    description:
      "Make a machine with SSH a paired, approved node behind a tunnel that the gateway keeps, in one go",
    argument: ["<node>", "a node of the config, or [user@]host[:port] as for add"],
    options: [
      ...SETUP_OPTIONS,
      ["--tunnel-port <port>", "where the tunnel listens on the node's 127.0.0.1; default: 18789"],
      ["--no-service", "no service keeps the node host: it runs until the machine restarts"],
      ["--print", "write nothing: print what to type on a machine that the gateway cannot reach over SSH"],
    ],
  },
  {
    name: "cordon",
    description: "Keep new calls away from a node; what runs there goes on",
    argument: ["<node>", "name of a node"],
    options: WHY_AND_HOW_LONG,
  },
  {
    name: "uncordon",
    description: "Let calls come to a node again",
    argument: ["[node]", "name of a node"],
    options: [["--all", "every node; also begins anew when the record of cordons cannot be read"]],
  },
  {
    name: "drain",
    description:
      "Keep new calls away from a node, wait for those that run there, and say what still holds it",
    argument: ["<node>", "name of a node"],
    options: [
      ...WHY_AND_HOW_LONG,
      ["--move", "sessions whose files are there go elsewhere with their next call"],
    ],
    timeout:
      "how long to wait for what runs: 10m (the default), 2h; a plain number is ms for each answer of the gateway",
  },
  {
    name: "plan",
    description: "Show what another config would change for every agent and tool, before it holds",
    argument: [
      "<file>",
      "openclaw.json, the config of node-router, or a JSON merge patch of either; - for stdin",
    ],
    options: [
      ["--down <nodes>", "look also at these nodes being down together (names joined by commas)"],
      ["--all-down-one-by-one", "look also at each node being down"],
      ["--as <what>", "read the file as openclaw, config, patch or config-patch (default: by its shape)"],
    ],
  },
  { name: "test", description: "Try the tests of the config with all that is known of the nodes" },
  {
    name: "calls",
    description: "What was decided of each call, where it ran and how it ended, the newest first",
    options: [
      ["--agent <id>", "only of this agent"],
      ["--node <name>", "only on this node"],
      ["--rule <name>", "only by this rule"],
      ["--outcome <word>", "only these: ran, refused, not-started, unknown, running or left"],
      ["--since <time>", "45m, 2h, 3d, or a date such as 2026-11-22"],
      ["--limit <number>", "at most so many (default 50, at most 1000)"],
      ["--follow", "go on with each call that comes or ends, until interrupted"],
    ],
  },
  {
    name: "ledger",
    description: "Check that no record of the ledger was changed, removed or moved",
    argument: ["<verify>", "verify"],
    options: [["--head <hash>", "a record that was noted elsewhere, and must be there"]],
  },
];

/**
 * Adds `openclaw <name> …` with its commands. Each sets the process's exit code: 0 all is well, 1 something was found,
 * 2 wrong usage.
 */
export async function buildCommands(program: Program, name: string, description: string): Promise<void> {
  const { addGatewayClientOptions, callGatewayFromCli } = await import("openclaw/plugin-sdk/gateway-runtime");
  const root = program.command(name).description(description);
  root.exitOverride(usageExit);
  for (const spec of COMMANDS) {
    const command = root.command(spec.name).description(spec.description);
    command.exitOverride(usageExit);
    if (spec.argument !== undefined) command.argument(...spec.argument);
    for (const [flags, help] of spec.options ?? []) command.option(flags, help);
    command.option("--json", "print the report as JSON");
    const act = async (argument: string | undefined, options: CommandOptions & Record<string, string>) => {
      const stop = new AbortController();
      const isLong = spec.timeout !== undefined || spec.name === "add" || spec.name === "join";
      if (options.watch !== undefined || "follow" in options || isLong) stopWith(stop);
      // A time span is ours, and a number the host's.
      const { timeout = "", ...others } = options;
      const client = /^\d+$/.test(timeout) ? { ...others, timeout } : others;
      process.exitCode = await runCommand(
        spec.name,
        { ...options, node: argument ?? options.node },
        async <T>(method: string, params: Record<string, unknown>, timeoutMs?: number) => {
          const extra = { progress: false, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
          return (await callGatewayFromCli(method, { ...client, json: true }, params, extra)) as T;
        },
        {
          print: (text) => process.stdout.write(`${text}\n`),
          fail: (text) => process.stderr.write(`${text}\n`),
          // A window can change its size while it is watched.
          get columns() {
            return process.stdout.isTTY ? process.stdout.columns : undefined;
          },
          question: process.stdin.isTTY && process.stdout.isTTY ? question : undefined,
        },
        machineOf(stop.signal),
      );
      // A question to a silent gateway may still be open; nobody waits for its answer.
      if (stop.signal.aborted) process.exit();
    };
    // Commander passes the arguments first, then the options.
    addGatewayClientOptions(command).action(
      spec.argument === undefined ? (options) => act(undefined, options) : act,
    );
    const limit = command.options.find(({ long }) => long === "--timeout");
    if (spec.timeout !== undefined && limit !== undefined) limit.description = spec.timeout;
  }
}

/** Ctrl-C ends a command that would go on for ever, and so does a reader that has read enough. */
function stopWith(stop: AbortController): void {
  process.once("SIGINT", () => stop.abort());
  process.stdout.on("error", () => stop.abort());
}

function machineOf(stop: AbortSignal): Terminal {
  return {
    now: Date.now,
    isTerminal: process.stdout.isTTY === true,
    get rows() {
      return process.stdout.rows ?? 24;
    },
    stop,
    sleep: (ms) => sleep(ms, undefined, { signal: stop }).catch(() => undefined),
  };
}

/** One line from the person at the terminal; empty when they end the input. */
async function question(text: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
}

/** Commander ends with 1 for a wrong option; here 1 is a finding, and wrong usage is 2. */
function usageExit(error: { exitCode: number }): never {
  process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
}
