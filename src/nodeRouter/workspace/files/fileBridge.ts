// The file bridge of an agent whose workspace is on a node: what the host's file tools call. Own types only.

import type { FILE_IDENTITY } from "../../host/toolCall.ts";
import type { CollectCommand } from "../../transports/transport.ts";

/** Which file is meant. `cwd` as the host gives it: a gateway path inside `workspaceDir`, or a node path. */
export interface FileParams {
  readonly filePath: string;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadParams extends FileParams {
  /** A larger file is refused without being sent. */
  readonly maxBytes?: number | undefined;
}

export interface WriteParams extends FileParams {
  readonly data: Buffer | string;
  readonly encoding?: BufferEncoding | undefined;
  /** False: a missing parent directory is an error. */
  readonly mkdir?: boolean | undefined;
}

export interface RemoveParams extends FileParams {
  readonly recursive?: boolean | undefined;
  /** False: a missing file is an error. */
  readonly force?: boolean | undefined;
}

export interface RenameParams extends Omit<FileParams, "filePath"> {
  readonly from: string;
  readonly to: string;
}

export interface CopyParams extends Omit<FileParams, "filePath"> {
  readonly sourcePath: string;
  readonly destinationPath: string;
  readonly mkdir?: boolean | undefined;
}

export interface FileStat {
  readonly type: "file" | "directory" | "other";
  readonly size: number;
  readonly mtimeMs: number;
}

export interface DirectoryEntry {
  readonly name: string;
  /** A real directory; a symlink to one is not. */
  readonly isDirectory: boolean;
}

export interface FileSource {
  readonly data: Buffer;
  /** Where the file really is, symlinks resolved by the node. */
  readonly canonicalPath: string;
  /** Only for a file of the workspace. */
  readonly workspaceRelativePath?: string;
}

/** Names as the host spells them: `containerPath` is the path on the node. */
export interface ResolvedPath {
  /** Below the workspace, "" for the workspace itself; elsewhere the absolute path. */
  readonly relativePath: string;
  readonly containerPath: string;
}

export interface PathMapping {
  /** On the gateway. */
  readonly hostRoot: string;
  /** On the node. */
  readonly containerRoot: string;
}

/** What the host calls. A missing file is `code: "ENOENT"`; see failures.ts for the rest. */
export interface FileBridge {
  /** Roots that the host's own workspace guard lets pass. */
  readonly pathMappings: readonly PathMapping[];
  /** Lexical, without a round trip. @throws NodeRouterError PATH_NOT_ALLOWED. */
  resolvePath(params: { readonly filePath: string; readonly cwd?: string | undefined }): ResolvedPath;
  /** Asked before the first step of a file tool's call: which file it is, as the host queues calls for one file. */
  [FILE_IDENTITY](params: FileParams): Promise<string>;
  /**
   * Null when nothing is there. In a tool call, a file that is small enough brings its content for the read that
   * follows: the steps of one call see one version, and the first step of each call asks the node.
   */
  stat(params: FileParams): Promise<FileStat | null>;
  readFile(params: ReadParams): Promise<Buffer>;
  readFileWithSource(params: ReadParams): Promise<FileSource>;
  readDirectory(params: FileParams): Promise<readonly DirectoryEntry[]>;
  /**
   * Replaces the file as a whole or not at all; keeps its mode. A call that was given the file's content, or told
   * that it is missing, replaces only that. @throws NodeRouterError FILE_CHANGED when it is another by now.
   */
  writeFile(params: WriteParams): Promise<void>;
  createFileExclusive(params: WriteParams): Promise<"created" | "exists">;
  mkdirp(params: FileParams): Promise<void>;
  /** @throws NodeRouterError FILE_CHANGED when the call was given another content than is there by now. */
  remove(params: RemoveParams): Promise<void>;
  rename(params: RenameParams): Promise<void>;
  copyFile(params: CopyParams): Promise<void>;
  /** A command starts or ends on this node: what was left to a later step is done now. */
  invalidate(): void;
}

export type ChangeOperation = "write" | "create" | "mkdir" | "remove" | "rename" | "copy";

/** A change that is about to be sent. */
export interface PlannedChange {
  readonly operation: ChangeOperation;
  /** On the node, absolute. */
  readonly path: string;
  /** Of a rename or a copy: where to. */
  readonly to?: string;
  /** Sent to the node; 0 for what moves no content from here. */
  readonly bytes: number;
  readonly startedAtMs: number;
}

/** A change that was tried. `unknown`: the connection was lost, and it may or may not have happened. */
export interface FileChange extends PlannedChange {
  readonly endedAtMs: number;
  readonly outcome: "done" | "failed" | "unknown";
  readonly error?: string;
}

export interface MirroredFolder {
  /** On the node, absolute. */
  readonly containerRoot: string;
  /** The same folder on the gateway. */
  readonly hostRoot: string;
}

export interface FileBridgeOptions {
  /** The node's name, for messages. */
  readonly node: string;
  /** The workspace on the node, absolute. Made on first use, never removed. */
  readonly root: string;
  /** The agent's workspace on the gateway: paths below it mean the same place below `root`. */
  readonly workspaceDir: string;
  /** More absolute directories of the node that may be used; "/" is all of it. */
  readonly paths: readonly string[];
  readonly readOnlyMounts?: readonly MirroredFolder[];
  readonly run: CollectCommand;
  /** The tool call that runs: an object made for it, null when there is none. The default is the host's. */
  readonly currentCall?: () => object | null;
  /** Told as a call begins with a file. @param means whether a path, as a call's parameters have it, is that file's. */
  readonly onCall?: (means: (filePath: string) => boolean) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Awaited before anything of a change is sent; what it throws stops the change. */
  readonly beforeChange?: (change: PlannedChange) => Promise<void>;
  /** Told of every change that was let through. Must not throw. */
  readonly onChange?: (change: FileChange) => void;
  /** Runs a task later and returns how to cancel it; the default is a timer. */
  readonly later?: (task: () => void, afterMs: number) => () => void;
}
