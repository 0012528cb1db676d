// Which place on the node a path of the host's file tools means, and whether it may be used. Lexical, no file system.
import path from "node:path";
import { formatPath } from "../../../config/problems/path.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { FileBridgeOptions, PathMapping, ResolvedPath } from "./fileBridge.ts";
import { nameProblem } from "./fileNames.ts";

const { posix, win32 } = path;

/** A place that may be used, as the scripts need it: `base` is an allowed directory, and `dir`/`name` lead down from it. */
export interface NodePath {
  /** Absolute, normalized. */
  readonly path: string;
  readonly relativePath: string;
  readonly base: string;
  /** The parent, relative to `base`; "" for `base` itself. */
  readonly dir: string;
  /** The last name; "." when the target is `base`. */
  readonly name: string;
  /** The whole way from `base`; "" for `base` itself. */
  readonly below: string;
  /** The workspace itself is made when it is missing; other directories are the operator's. */
  readonly isInWorkspace: boolean;
}

/** What a path is resolved for. `tree`: the thing with all that is in it is moved or removed. */
export type Use = "read" | "write" | "tree";

export type PathOptions = Pick<
  FileBridgeOptions,
  "node" | "root" | "workspaceDir" | "paths" | "readOnlyMounts"
>;

export interface PathResolver {
  /** @throws NodeRouterError PATH_NOT_ALLOWED: outside, read-only, or one of the directories that are allowed as such. */
  resolve(filePath: string, cwd: string | undefined, use: Use): NodePath;
  describe(target: NodePath): ResolvedPath;
  readonly mappings: readonly PathMapping[];
  /** For the check on the node: `+dir` may be used, `-dir` may only be read. */
  readonly marks: readonly string[];
}

/** @throws NodeRouterError CONFIG_INVALID when a directory of the node is not absolute. */
export function createPathResolver(options: PathOptions): PathResolver {
  const { node } = options;
  const root = clean(options.root);
  const extra = options.paths.map(clean);
  const mounts = (options.readOnlyMounts ?? []).map(({ containerRoot, hostRoot }) => ({
    containerRoot: clean(containerRoot),
    hostRoot,
  }));
  const writable = [...new Set([root, ...extra])];
  for (const directory of [...writable, ...mounts.map((mount) => mount.containerRoot)]) {
    if (!posix.isAbsolute(directory)) {
      const fact = `the directory ${quote(directory)} of node ${quote(node)} is not absolute`;
      throw new NodeRouterError(refusal("CONFIG_INVALID", fact, { advice: 'write it from "/" on' }));
    }
  }
  const workspace: PathMapping = { hostRoot: options.workspaceDir, containerRoot: root };

  const refuse = (shown: string, why: string, advice: string | null): never => {
    const fact = `${quote(shown)} on node ${quote(node)} ${why}`;
    throw new NodeRouterError(refusal("PATH_NOT_ALLOWED", fact, { advice }));
  };
  const outside = (shown: string): never =>
    refuse(
      shown,
      `is outside the workspace ${quote(root)}`,
      `use a path inside it, or add a directory to ${formatPath(["nodes", node, "paths"])}`,
    );

  const absolute = (given: string, cwd: string | undefined): string => {
    if (given.includes("\0")) refuse(given, "holds a NUL character, which no file name can", "leave it out");
    if (given === "~" || given.startsWith("~/")) {
      refuse(
        given,
        "starts with ~, which only a shell expands",
        "write the whole path, or ./~ for a file of that name",
      );
    }
    const onNode = nodePath(given, workspace, mounts, writable);
    if (onNode !== null) return onNode;
    if (isGatewayAbsolute(given)) return outside(given);
    const from = cwd === undefined ? root : (nodePath(cwd, workspace, mounts, writable) ?? outside(cwd));
    return posix.resolve(from, given);
  };

  return {
    resolve(filePath, cwd, use) {
      const place = absolute(filePath, cwd);
      const base =
        deepest([...writable, ...mounts.map((mount) => mount.containerRoot)], place) ?? outside(place);
      if (use !== "read") {
        const mount = mounts.find(
          ({ containerRoot }) =>
            isBelow(containerRoot, place) || (use === "tree" && isBelow(place, containerRoot)),
        );
        if (mount !== undefined) {
          refuse(
            place,
            `is read-only: ${quote(mount.containerRoot)} is a copy of a folder of the gateway`,
            "write elsewhere",
          );
        }
      }
      if (use === "tree" && writable.some((directory) => isBelow(place, directory))) {
        refuse(
          place,
          "is or holds a directory the agent works in, which is never moved or removed",
          "name what is in it",
        );
      }
      const below = base === "/" ? place.slice(1) : place.slice(base.length + 1);
      const problem = nameProblem(below, use === "read" ? "look" : "change");
      if (problem !== null) refuse(place, ...problem);
      const slash = below.lastIndexOf("/");
      return {
        path: place,
        relativePath: isBelow(root, place) ? posix.relative(root, place) : place,
        base,
        dir: slash === -1 ? "" : below.slice(0, slash),
        name: below === "" ? "." : below.slice(slash + 1),
        below,
        isInWorkspace: base === root,
      };
    },
    describe: (target) => ({ relativePath: target.relativePath, containerPath: target.path }),
    mappings: [
      workspace,
      // The gateway's own disk holds nothing of these: the same path only tells the host's guard that they may be used.
      ...extra
        .filter((directory) => directory !== root)
        .map((directory) => ({ hostRoot: directory, containerRoot: directory })),
      ...mounts,
    ],
    marks: [
      ...writable.map((directory) => `+${directory}`),
      ...mounts.map(({ containerRoot }) => `-${containerRoot}`),
    ],
  };
}

/** Whether `place` is `directory` or inside it; both absolute and normalized. */
export function isBelow(directory: string, place: string): boolean {
  return place === directory || place.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/**
 * The node's path for an absolute one; null when it is relative, or of the gateway and mapped nowhere.
 * The workspace's own names go first. What the gateway calls its workspace goes before `paths`: with "/" in
 * `paths` every gateway path would else pass for a node path.
 */
function nodePath(
  given: string,
  workspace: PathMapping,
  mounts: readonly PathMapping[],
  writable: readonly string[],
): string | null {
  const place = posix.isAbsolute(given) ? clean(given) : null;
  const own = [workspace.containerRoot, ...mounts.map((mount) => mount.containerRoot)];
  if (place !== null && own.some((directory) => isBelow(directory, place))) return place;
  for (const mapping of [...mounts, workspace]) {
    const mapped = mapGatewayPath(mapping, given);
    if (mapped !== null) return mapped;
  }
  return place !== null && writable.some((directory) => isBelow(directory, place)) ? place : null;
}

/** Null when `given` is no absolute gateway path inside the mapping. */
function mapGatewayPath({ hostRoot, containerRoot }: PathMapping, given: string): string | null {
  const style = posix.isAbsolute(hostRoot) ? posix : win32;
  if (!style.isAbsolute(given) || (style === win32 && posix.isAbsolute(given))) return null;
  const below = style.relative(hostRoot, given);
  if (below === ".." || below.startsWith(`..${style.sep}`) || style.isAbsolute(below)) return null;
  return posix.join(containerRoot, ...below.split(style.sep));
}

function isGatewayAbsolute(given: string): boolean {
  return posix.isAbsolute(given) || /^[A-Za-z]:[\\/]/.test(given);
}

function deepest(directories: readonly string[], place: string): string | null {
  return directories
    .filter((directory) => isBelow(directory, place))
    .reduce<string | null>((best, next) => (best === null || next.length > best.length ? next : best), null);
}

/** Without `.`, `..`, double and trailing slashes. */
function clean(directory: string): string {
  const normal = posix.normalize(directory);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
