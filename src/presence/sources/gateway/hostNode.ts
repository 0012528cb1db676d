// One node as the gateway sees it: the fields we use of the host's `nodes.list`, checked.
import { cleanAddress, cleanFact } from "../../nodeFacts.ts";

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
export function readHostNode(value: unknown): HostNode | null {
  if (typeof value !== "object" || value === null) return null;
  const entry = value;
  const nodeId = cleanFact("id", text(own(entry, "nodeId")));
  if (nodeId === null) return null;
  const approval = text(own(entry, "approvalState"));
  const sessionHost = own(entry, "sessionHost");
  const published = own(entry, "nodePluginTools");
  const tools = Array.isArray(published) ? published.slice(0, MAX_TOOLS).flatMap(readTool) : [];
  return {
    nodeId,
    displayName: cleanFact("displayName", text(own(entry, "displayName"))),
    platform: cleanFact("release", text(own(entry, "platform"))),
    remoteIp: cleanAddress(text(own(entry, "remoteIp"))),
    connected: typeof own(entry, "connected") === "boolean" ? own(entry, "connected") === true : null,
    approval: isApproval(approval) ? approval : "unknown",
    commands: texts(own(entry, "commands")).filter((name) => cleanFact("command", name) !== null),
    connectedAtMs: number(own(entry, "connectedAtMs")) ?? number(own(entry, "lastConnectedAtMs")),
    lastSeenAtMs: number(own(entry, "lastSeenAtMs")),
    version: cleanFact("version", text(own(entry, "version"))),
    stats: readStats(own(entry, "hostStats")),
    ...(typeof sessionHost === "boolean" ? { sessionHost } : {}),
    ...(tools.length === 0 ? {} : { tools }),
  };
}

/** The host takes 128 of them a node. */
const MAX_TOOLS = 256;

function readTool(value: unknown): readonly NodeHostedTool[] {
  if (typeof value !== "object" || value === null) return [];
  const entry = value;
  const name = text(own(entry, "name"));
  const mcp = own(entry, "mcp");
  const server: unknown = typeof mcp === "object" && mcp !== null ? Reflect.get(mcp, "server") : null;
  return name === null ? [] : [{ name, command: text(own(entry, "command")) ?? "", mcpServer: text(server) }];
}

function readStats(value: unknown): HostStats | null {
  if (typeof value !== "object" || value === null) return null;
  const stats = value;
  const updatedAtMs = number(own(stats, "updatedAtMs"));
  if (updatedAtMs === null) return null;
  const load: unknown = own(stats, "loadAverage");
  return {
    updatedAtMs,
    cpuCount: amount(own(stats, "cpuCount")),
    load1: Array.isArray(load) ? amount(load[0]) : null,
    memoryTotalBytes: amount(own(stats, "memoryTotalBytes")),
    memoryFreeBytes: amount(own(stats, "memoryFreeBytes")),
    diskTotalBytes: amount(own(stats, "diskTotalBytes")),
    diskAvailableBytes: amount(own(stats, "diskAvailableBytes")),
  };
}

/** The operating system's name out of a node's platform: `linux`, `darwin`, `macos 15.1`, `iOS 18.4.0`. Null: not said. */
export function platformOs(platform: string | null): string | null {
  const word = platform?.trim().toLowerCase().split(/\s+/, 1)[0] ?? "";
  if (cleanFact("system", word) === null) return null;
  return word === "darwin" ? "macos" : word === "win32" ? "windows" : word;
}

/** Not what an object has of its prototype. */
function own(entry: object, key: string): unknown {
  return Object.hasOwn(entry, key) ? Reflect.get(entry, key) : undefined;
}

function isApproval(value: string | null): value is HostApproval {
  return value !== null && APPROVALS.includes(value);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function amount(value: unknown): number | null {
  const read = number(value);
  return read !== null && read >= 0 ? read : null;
}
