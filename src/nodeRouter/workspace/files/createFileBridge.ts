// The file bridge of one workspace on one node: its parts put together.
import { randomBytes } from "node:crypto";
import { currentToolCall, FILE_IDENTITY } from "../../host/toolCall.ts";
import { createCallMemories } from "./callMemory.ts";
import { createChanges } from "./changes.ts";
import type { FileBridge, FileBridgeOptions, FileParams } from "./fileBridge.ts";
import { createPathResolver } from "./paths.ts";
import { createPendingDirectory, laterByTimer } from "./pendingDirectory.ts";
import { createReads } from "./reads.ts";
import { createWrites } from "./writes.ts";

/** Every temporary file on a node is called this, with 32 hex digits for the star. */
export const TEMP_PATTERN = ".node-router-*.tmp";

/**
 * The object that the host's read, write, edit, apply_patch, ls and media code call.
 * Errors: NodeFileError (`code` ENOENT, ENOTDIR, EISDIR), else NodeRouterError: PATH_NOT_ALLOWED, FILE_TOO_LARGE,
 * FILE_CHANGED, FILE_FAILED, OUTCOME_UNKNOWN, or the transport's own code when nothing was begun.
 * @throws NodeRouterError CONFIG_INVALID when a directory of the node is not absolute.
 */
export function createFileBridge(options: FileBridgeOptions): FileBridge {
  const { node, root, run, later = laterByTimer, currentCall = currentToolCall } = options;
  const paths = createPathResolver(options);
  const memories = createCallMemories(currentCall);
  const pending = createPendingDirectory(later);
  const deps = { node, root, run, paths, memories };
  const reads = createReads(deps);
  const writes = createWrites({ ...deps, changes: createChanges(options), pending, tempName });

  /** A directory that was left to a write is there for every other step. */
  const settled = async <T>(step: () => Promise<T>): Promise<T> => {
    await pending.settle();
    return await step();
  };

  const begin = ({ filePath, cwd }: Pick<FileParams, "filePath" | "cwd">): string => {
    const { path } = paths.resolve(filePath, cwd, "read");
    options.onCall?.((named) => {
      try {
        return paths.resolve(named, cwd, "read").path === path;
      } catch {
        return false;
      }
    });
    return path;
  };

  return {
    pathMappings: paths.mappings,
    async [FILE_IDENTITY](params) {
      memories.announce();
      return begin(params);
    },
    resolvePath: ({ filePath, cwd }) => paths.describe(paths.resolve(filePath, cwd, "read")),
    stat: (params) => settled(() => reads.stat(params)),
    readFile: (params) => settled(async () => (await reads.read(params)).data),
    readFileWithSource: (params) => settled(() => reads.read(params)),
    async readDirectory(params) {
      begin(params);
      return await settled(() => reads.list(params));
    },
    writeFile: writes.write,
    createFileExclusive: writes.create,
    mkdirp: writes.mkdir,
    remove: writes.remove,
    rename: writes.rename,
    copyFile: writes.copy,
    invalidate() {
      void pending.settle();
    },
  };
}

function tempName(): string {
  return TEMP_PATTERN.replace("*", randomBytes(16).toString("hex"));
}
