// Runs a command against a gateway that answers what the test says, and keeps what it printed.
import { HOOKS_SEEN } from "../../../../src/nodeRouter/liveness/liveness.ts";
import {
  type CommandName,
  type CommandOptions,
  runCommand,
} from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { Terminal } from "../../../../src/nodeRouter/surfaces/cli/terminal.ts";
import { drained } from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { describeOne } from "../../../../src/nodeRouter/surfaces/methods/describeMethod.ts";
import { calls } from "../../../../src/nodeRouter/surfaces/methods/ledgerMethods.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import type { Params } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { planCordon } from "../../../../src/nodeRouter/surfaces/methods/planCordon.ts";
import { createSshMethods } from "../../../../src/nodeRouter/surfaces/methods/sshMethods.ts";
import { type FakeDeps, type FakeOptions, fakeDeps, START_MS } from "../../../support/fakeDeps.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** `method params` of every request. */
  readonly asked: readonly string[];
}

/** A pipe, not a terminal, at the moment at which the fake gateway's clock stands. */
export const MACHINE: Terminal = {
  now: () => START_MS,
  isTerminal: false,
  rows: 24,
  stop: new AbortController().signal,
  sleep: () => Promise.resolve(),
};

/** `answer` gets the method and its parameters; what it throws is what the gateway's client throws. */
export async function run(
  name: CommandName,
  options: CommandOptions,
  answer: (method: string, params: Params) => unknown,
  machine: Terminal = MACHINE,
  columns?: number,
): Promise<Ran> {
  const [stdout, stderr, asked]: [string[], string[], string[]] = [[], [], []];
  const code = await runCommand(
    name,
    options,
    async <T>(method: string, params: Record<string, unknown>) => {
      asked.push(`${method} ${JSON.stringify(params)}`);
      return (await answer(method, params)) as T;
    },
    { print: (text) => void stdout.push(text), fail: (text) => void stderr.push(text), columns },
    machine,
  );
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n"), asked };
}

/** A gateway with the plugin: the real methods over a fake host. */
export interface FakeGateway {
  readonly deps: FakeDeps;
  /** How often the guard was written. */
  written: number;
  readonly answer: (method: string, params: Params) => Promise<unknown>;
}

export function fakeGateway(options: FakeOptions = {}): FakeGateway {
  const deps = fakeDeps(options);
  deps.memory.part(HOOKS_SEEN).hooksRegisteredAtMs = deps.now();
  const gateway: FakeGateway = {
    deps,
    written: 0,
    async answer(method, params) {
      // Over the wire and back, as a client gets it.
      return JSON.parse(JSON.stringify(await ask(method, params)));
    },
  };
  const methods = createMethods(deps, "1.2.3", async () => {
    gateway.written += 1;
  });
  const ask = (method: string, params: Params): Promise<unknown> => {
    switch (method) {
      case "noderouter.status":
        return methods.status();
      case "noderouter.nodes":
        return methods.nodes();
      case "noderouter.events":
        return methods.events(params);
      case "noderouter.explain":
        return methods.explain(params);
      case "noderouter.doctor":
        return methods.doctor();
      case "noderouter.describe":
        return describeOne(deps, methods, params);
      case "noderouter.drained":
        return drained(deps, params);
      case "noderouter.plan":
        return planCordon(deps, params);
      case "noderouter.calls":
        return calls(deps, params);
      case "noderouter.probe":
      case "noderouter.trust":
        return createSshMethods(deps)[method === "noderouter.probe" ? "probe" : "trust"](params);
      default:
        return methods.guard(params);
    }
  };
  return gateway;
}

/** What the host's client throws when the gateway itself says no. */
export function refusalOf(gatewayCode: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), {
    name: "GatewayClientRequestError",
    gatewayCode,
    retryable: false,
    ...more,
  });
}
