// Where on the node a command starts, given what the model asked for. Pure path arithmetic, POSIX and Windows.

import { withoutEnd } from "../../shared/withoutEnd.ts";

/** What decides the working directory. */
export interface WorkdirInput {
  /** The model's `workdir`; null when it gave none. */
  readonly requested: string | null;
  /** `nodes.<name>.workspace`; null when not configured. */
  readonly nodeWorkspace: string | null;
  /** The agent's workspace folder on the gateway, absolute; null when unknown. */
  readonly gatewayWorkspace: string | null;
  /** The gateway user's home, for `~`; null when unknown. */
  readonly home: string | null;
}

/**
 * The working directory on the node, or null to leave it to the node host.
 * None given: the node's workspace. Relative, or inside the agent's gateway workspace: the same place below
 * the node's workspace. Anything else is meant for the node as it stands.
 */
export function nodeWorkdir(input: WorkdirInput): string | null {
  const { nodeWorkspace, gatewayWorkspace } = input;
  const requested = input.requested?.trim() ?? "";
  if (requested === "") return nodeWorkspace;
  if (nodeWorkspace === null) return requested;

  const path = expandHome(requested, input.home);
  if (!isAbsolute(path)) {
    const relative = isWindows(nodeWorkspace) ? path.replaceAll("\\", "/") : path;
    return below(nodeWorkspace, normalize(relative)) ?? requested;
  }
  const root = gatewayWorkspace === null ? null : normalize(expandHome(gatewayWorkspace, input.home));
  if (root === null) return requested;
  const given = normalize(path);
  if (given === root) return nodeWorkspace;
  const inside = root === "/" ? root : `${root}/`;
  return given.startsWith(inside)
    ? (below(nodeWorkspace, given.slice(inside.length)) ?? requested)
    : requested;
}

function expandHome(path: string, home: string | null): string {
  if (home === null) return path;
  if (path === "~") return home;
  return path.startsWith("~/") ? `${home}/${path.slice(2)}` : path;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || path.startsWith("~") || isWindows(path);
}

/** Whether it is an absolute path of Windows. */
function isWindows(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path);
}

/** Joins with the separator of the node's own workspace; null when `suffix` climbs out of it. */
function below(workspace: string, suffix: string): string | null {
  if (suffix === "" || suffix === ".") return workspace;
  if (suffix === ".." || suffix.startsWith("../")) return null;
  const base = withoutEnd(workspace, "/\\");
  return isWindows(workspace) ? `${base}\\${suffix.replaceAll("/", "\\")}` : `${base}/${suffix}`;
}

/** Resolves `.` and `..` and double slashes; keeps leading `..` of a relative path. */
function normalize(path: string): string {
  const absolute = path.startsWith("/");
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") out.push(part);
    else if (out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (!absolute) out.push("..");
  }
  return absolute ? `/${out.join("/")}` : out.join("/");
}
