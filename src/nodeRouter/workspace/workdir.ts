// Where on the node a command starts. Lexical: the node itself looks when the command starts.
import { posix } from "node:path";
import { withoutEnd } from "../../shared/withoutEnd.ts";

/**
 * The directory on the node, without `.`, `..` and doubled slashes; null for what can be none.
 * The host has mapped paths of the gateway's workspace already; one that it could not is mapped here.
 */
export function nodeDirectory(workdir: string, gatewayWorkspace: string, root: string): string | null {
  if (!workdir.startsWith("/") || workdir.includes("\0")) return null;
  const path = trimmed(workdir);
  const gateway = trimmed(gatewayWorkspace.replaceAll("\\", "/"));
  const base = trimmed(root);
  if (path === base || path.startsWith(`${base}/`)) return path;
  if (path === gateway) return base;
  return path.startsWith(`${gateway}/`) ? posix.join(base, path.slice(gateway.length + 1)) : path;
}

/** Where on the node a call works that names this directory; null for what can be none. Relative: in the workspace. */
export function namedDirectory(workdir: string, gatewayWorkspace: string, root: string): string | null {
  const named = workdir.trim();
  return nodeDirectory(named.startsWith("/") ? named : posix.join(root, named), gatewayWorkspace, root);
}

/** Whether this is the workspace itself, however it is spelled. */
export function isRoot(directory: string, root: string): boolean {
  return trimmed(directory) === trimmed(root);
}

function trimmed(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? withoutEnd(normal, "/") : normal;
}
