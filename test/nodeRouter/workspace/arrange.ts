// A backend on local shells: two nodes over SSH whose workspaces are folders of this machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecSpec, SandboxBackend, SandboxParams } from "../../../src/nodeRouter/host/sandboxApi.ts";
import { FILE_IDENTITY } from "../../../src/nodeRouter/host/toolCall.ts";
import type { LedgerResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import type { LedgerSubject } from "../../../src/nodeRouter/ledger/ledgerSubject.ts";
import type { WorkspaceCall } from "../../../src/nodeRouter/state/workspaceCalls.ts";
import {
  NODE_TRANSPORT,
  type NodeTransport,
  type PairedNode,
} from "../../../src/nodeRouter/transports/nodeTransport.ts";
import { type CommandRequest, SSH_TRANSPORT } from "../../../src/nodeRouter/transports/transport.ts";
import { createBackend } from "../../../src/nodeRouter/workspace/backend.ts";
import type { FileBridge, FileBridgeOptions } from "../../../src/nodeRouter/workspace/files/fileBridge.ts";
import type { MirrorOptions } from "../../../src/nodeRouter/workspace/mirror/mirrorOptions.ts";
import type { Registered, WorkspaceParts } from "../../../src/nodeRouter/workspace/registrations.ts";
import { WORKSPACE } from "../../../src/nodeRouter/workspace/workspaceState.ts";
import { type FakeDeps, fakeDeps } from "../../support/fakeDeps.ts";
import { refused } from "../../support/refused.ts";
import { type HelperEnd, runHelper } from "./exec/helperRun.ts";
import { createLocalTransport, type LocalOptions, type LocalTransport } from "./localTransport.ts";

export interface Arranged {
  readonly deps: FakeDeps;
  readonly backend: SandboxBackend;
  readonly transport: LocalTransport;
  readonly parts: WorkspaceParts;
  readonly registered: Registered;
  /** A folder of this test with `one`, `two` (the nodes' workspaces) and `gateway` in it. */
  readonly folder: string;
  readonly records: { readonly subject: LedgerSubject; readonly result: LedgerResult | null }[];
  readonly mirrored: MirrorOptions[];
  readonly bridges: FileBridgeOptions[];
  readonly invalidated: string[];
  /** What the mirror or the audit throws next. */
  readonly faults: { mirror: Error | null; audit: Error | null };
  params(sessionKey?: string): SandboxParams;
  stop(): Promise<void>;
}

/** The config of two nodes that both fit; `changes` go into the first. */
export function configOf(folder: string, changes: object = {}): { nodes: object; rules: object[] } {
  const node = (name: string, more: object = {}) => ({
    node: false,
    tailscale: false,
    tags: ["zone=a", name],
    ssh: { host: "127.0.0.1" },
    workspace: join(folder, name),
    ...more,
  });
  return {
    nodes: { one: node("one", changes), two: node("two") },
    rules: [{ name: "zone", agents: ["worker"], require: "zone=a" }],
  };
}

export function arrange(
  options: LocalOptions & { readonly node?: object; readonly hostConfig?: object } = {},
): Arranged {
  const folder = mkdtempSync(join(tmpdir(), "nr-ws-"));
  const deps = fakeDeps({ config: configOf(folder, options.node), hostConfig: options.hostConfig });
  const transport = createLocalTransport(options);
  deps.memory.part(SSH_TRANSPORT).current = transport;
  const records: Arranged["records"] = [];
  const mirrored: MirrorOptions[] = [];
  const bridges: FileBridgeOptions[] = [];
  const invalidated: string[] = [];
  const faults: Arranged["faults"] = { mirror: null, audit: null };
  const parts: WorkspaceParts = {
    deps,
    full: true,
    audit: {
      async begin(subject) {
        if (faults.audit !== null) throw faults.audit;
        records.push({ subject, result: null });
      },
      end: (subject, result) => void records.push({ subject, result }),
      announcement: ({ id }) => `announced ${id}`,
    },
    createMirror: (given) => ({
      async ensure() {
        if (faults.mirror !== null) throw faults.mirror;
        mirrored.push(given);
      },
      forget: () => {},
      skipped: () => [],
    }),
    createFileBridge(given) {
      bridges.push(given);
      return bridgeOf(() => void invalidated.push(given.node));
    },
    persona: () => {
      throw new Error("not in this test");
    },
    bindPersona: async () => {},
    loadSshClient: () => import("../../../src/nodeRouter/transports/ssh/client.ts"),
    loadDetached: () => import("../../../src/nodeRouter/jobs/detached.ts"),
  };
  const registered = deps.memory.part(WORKSPACE).registrations.add(parts);
  return {
    deps,
    backend: createBackend(deps.memory),
    transport,
    parts,
    registered,
    folder,
    records,
    mirrored,
    bridges,
    invalidated,
    faults,
    params: (sessionKey = "agent:worker:main") => ({
      sessionKey,
      scopeKey: "agent:worker",
      workspaceDir: join(folder, "gateway"),
      agentWorkspaceDir: join(folder, "gateway"),
      skillsWorkspaceDir: join(folder, "skills"),
    }),
    async stop() {
      transport.destroy();
      await deps.memory.part(WORKSPACE).server?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A bridge that does nothing but be told. */
function bridgeOf(invalidate: () => void): FileBridge {
  const none = async (): Promise<never> => {
    throw new Error("not in this test");
  };
  return {
    pathMappings: [],
    [FILE_IDENTITY]: none,
    resolvePath: () => ({ relativePath: "", containerPath: "" }),
    stat: none,
    readFile: none,
    readFileWithSource: none,
    readDirectory: none,
    writeFile: none,
    createFileExclusive: none,
    mkdirp: none,
    remove: none,
    rename: none,
    copyFile: none,
    invalidate,
  };
}

/** What the host does with a spec: spawns it and reads it to its end. */
export async function runSpec({ argv }: ExecSpec): Promise<HelperEnd> {
  const run = runHelper(argv);
  run.child.stdin?.end();
  return run.end;
}

/** What was sent over the node protocol, by node id; runs it on the same local shells. */
export function withNodeTransport({ deps, transport }: Arranged) {
  const sent: PairedNode[] = [];
  const warmed: PairedNode[] = [];
  const requests: CommandRequest[] = [];
  const nodes: NodeTransport = {
    start(node, request) {
      sent.push(node);
      requests.push(request);
      return transport.start(`over the node protocol: ${node.name}`, request);
    },
    warm: (node) => void warmed.push(node),
    hello: async () => ({ kind: "unknown", ...refused("NODE_UNREACHABLE", "not in this test") }),
    publicAddress: async () => null,
    counters: () => null,
    close: async () => {},
  };
  deps.memory.part(NODE_TRANSPORT).current = nodes;
  return { sent, warmed, requests };
}

export function callOf(changes: Partial<WorkspaceCall> = {}): WorkspaceCall {
  return {
    callId: "c0ffee",
    agent: "worker",
    sessionKey: "agent:worker:main",
    runId: "run-1",
    toolCallId: "call-1",
    rule: "zone",
    node: "one",
    decisionId: "decision-1",
    pty: false,
    jobId: null,
    claimed: false,
    outcome: null,
    ...changes,
  };
}
