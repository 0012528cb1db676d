// The folders of the gateway of which a node must have a copy, as the mirror is asked for them.

/** One folder to be brought. */
export interface MirrorSource {
  /** For messages: `skills`, `attachments`. */
  readonly what: string;
  /** Absolute, on the gateway. Missing is the same as empty. */
  readonly localDir: string;
  /** On the node, with `/`: absolute, or relative to the workspace. */
  readonly remoteDir: string;
  /**
   * `mirror`: the folder is ours. It gets what is new and changed, and loses what is gone, of what we brought.
   * `add`: the folder is the user's. It gets what is not there; nothing in it is ever changed or removed.
   */
  readonly mode: "mirror" | "add";
  /** Whether this path, relative and with `/`, is to be brought. Asked for folders too. Default: all of them. */
  readonly include?: (path: string) => boolean;
  /**
   * Relative path of a file that whoever fills the folder removes before every change and writes anew after it.
   * Without it nothing is removed, and as long as it is untouched the folder is not looked through again.
   */
  readonly completeMark?: string;
}

export interface SkippedFile {
  /** On the gateway, absolute. */
  readonly path: string;
  readonly reason: string;
}
