// One node as the gateway sees it: the fields we use of the host's `nodes.list`, checked.
import { fieldOf, itemsOf, numberIn, trimmedText } from "../../../shared/jsonParts.ts";
import { onceFor } from "../../../shared/once.ts";
import { cleanAddress, cleanAmount, cleanFact } from "../../nodeFacts.ts";

/** `unapproved`: the device is paired but no command surface was ever approved. */
export type HostApproval = "approved" | "pending-approval" | "pending-reapproval" | "unapproved" | "unknown";

/** A paired node. Absent values are null; nothing is guessed. */
export interface HostNode {
  /** Device id: 64 hex digits for node hosts. The only name that goes into a rewrite. */
  readonly nodeId: string;
  /** Node-declared, not unique; null too when it is no name that could be shown. */
  readonly displayName: string | null;
  /** `linux`, `macos`, `windows`, `ios`, `android`. */
  readonly platform: string | null;
  /** Peer address as the gateway saw it; null through a tunnel. */
  readonly remoteIp: string | null;
  /** Null when the host did not say. */
  readonly connected: boolean | null;
  readonly approval: HostApproval;
  /** Commands it can be asked for now; empty while its approval is pending. */
  readonly commands: readonly string[];
  /** Epoch ms of the last connect; null when never seen. */
  readonly connectedAtMs: number | null;
  /** Epoch ms of the last contact; null when never seen. */
  readonly lastSeenAtMs: number | null;
  /** OpenClaw's version there. */
  readonly version: string | null;
  /** What the node last said of its machine; null when it never did. */
  readonly stats: HostStats | null;
  /** Whether it hosts whole sessions (`nodeHost.workerRuns`); absent: the host did not say. */
  readonly sessionHost?: boolean;
  /** Tools that it offers to agents and runs itself; absent: none. */
  readonly tools?: readonly NodeHostedTool[];
}

/** A tool that runs on the node which published it, whoever calls it. Every text is the node's own. */
export interface NodeHostedTool {
  readonly name: string;
  /** The node-protocol command behind it, e.g. `mcp.tools.call.v1`. */
  readonly command: string;
  /** Null for tools that are not an MCP server's. */
  readonly mcpServer: string | null;
}

/** Those of a list that offer any tool. Lists never change once read. */
export const publishersOf = onceFor((nodes: readonly HostNode[]): readonly HostNode[] =>
  nodes.filter(({ tools }) => tools !== undefined),
);

/** The node's own numbers, sent on connect and every 60 s; kept, with their time, after it left. */
export interface HostStats {
  /** Epoch ms, of the gateway's clock. */
  readonly updatedAtMs: number;
  readonly cpuCount: number | null;
  /** One minute; null on Windows and when the machine is idle. */
  readonly load1: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryFreeBytes: number | null;
  /** Of the volume that holds the node's home directory. */
  readonly diskTotalBytes: number | null;
  readonly diskAvailableBytes: number | null;
}

const APPROVALS: readonly string[] = ["approved", "pending-approval", "pending-reapproval", "unapproved"];

/** Reads one entry of `nodes.list`; null when it has no usable id. Unknown fields are ignored. */
export function readHostNode(entry: unknown): HostNode | null {
  const nodeId = cleanFact("id", trimmedText(fieldOf(entry, "nodeId")));
  if (nodeId === null) return null;
  const approval = trimmedText(fieldOf(entry, "approvalState"));
  const sessionHost = fieldOf(entry, "sessionHost");
  const connected = fieldOf(entry, "connected");
  const tools = itemsOf(fieldOf(entry, "nodePluginTools")).slice(0, MAX_TOOLS).flatMap(readTool);
  return {
    nodeId,
    displayName: cleanFact("displayName", trimmedText(fieldOf(entry, "displayName"))),
    platform: cleanFact("release", trimmedText(fieldOf(entry, "platform"))),
    remoteIp: cleanAddress(trimmedText(fieldOf(entry, "remoteIp"))),
    connected: typeof connected === "boolean" ? connected : null,
    approval: isApproval(approval) ? approval : "unknown",
    commands: itemsOf(fieldOf(entry, "commands")).flatMap((name) => cleanFact("command", name) ?? []),
    connectedAtMs: numberIn(entry, "connectedAtMs") ?? numberIn(entry, "lastConnectedAtMs"),
    lastSeenAtMs: numberIn(entry, "lastSeenAtMs"),
    version: cleanFact("version", trimmedText(fieldOf(entry, "version"))),
    stats: readStats(fieldOf(entry, "hostStats")),
    ...(typeof sessionHost === "boolean" ? { sessionHost } : {}),
    ...(tools.length === 0 ? {} : { tools }),
  };
}

/** The host takes 128 of them a node. */
const MAX_TOOLS = 256;

function readTool(entry: unknown): readonly NodeHostedTool[] {
  const name = trimmedText(fieldOf(entry, "name"));
  const server = trimmedText(fieldOf(fieldOf(entry, "mcp"), "server"));
  return name === null
    ? []
    : [{ name, command: trimmedText(fieldOf(entry, "command")) ?? "", mcpServer: server }];
}

function readStats(stats: unknown): HostStats | null {
  const updatedAtMs = numberIn(stats, "updatedAtMs");
  if (updatedAtMs === null) return null;
  return {
    updatedAtMs,
    cpuCount: cleanAmount(fieldOf(stats, "cpuCount")),
    load1: cleanAmount(itemsOf(fieldOf(stats, "loadAverage"))[0]),
    memoryTotalBytes: cleanAmount(fieldOf(stats, "memoryTotalBytes")),
    memoryFreeBytes: cleanAmount(fieldOf(stats, "memoryFreeBytes")),
    diskTotalBytes: cleanAmount(fieldOf(stats, "diskTotalBytes")),
    diskAvailableBytes: cleanAmount(fieldOf(stats, "diskAvailableBytes")),
  };
}

/** The operating system's name out of a node's platform: `linux`, `darwin`, `macos 15.1`, `iOS 18.4.0`. Null: not said. */
export function platformOs(platform: string | null): string | null {
  const word = platform?.trim().toLowerCase().split(/\s+/, 1)[0] ?? "";
  if (cleanFact("system", word) === null) return null;
  return word === "darwin" ? "macos" : word === "win32" ? "windows" : word;
}

function isApproval(value: string | null): value is HostApproval {
  return value !== null && APPROVALS.includes(value);
}
