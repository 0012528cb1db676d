// The questions that the SSH sources put to whoever holds the connections. Types alone.

/** What came of asking a node over its pooled connection. */
export type SshPingAnswer =
  /** `rttMs` null: it is there, and the answer itself was late. */
  | { readonly kind: "up"; readonly rttMs: number | null }
  | { readonly kind: "silent" }
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** Asks one node, by its inventory name. Resolves within about `timeoutMs`, never rejects. */
export type AskSsh = (node: string, timeoutMs: number) => Promise<SshPingAnswer>;

export interface ScriptRequest {
  /** POSIX shell text. */
  readonly script: string;
  /** `$1`, `$2`, … */
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

export type ScriptResult =
  | { readonly ok: true; readonly stdout: string }
  | {
      readonly ok: false;
      readonly reason: string;
      /** False: no connection is open, so nothing ran. */
      readonly isConnected: boolean;
      /** What it had printed until then. */
      readonly stdout: string;
    };

/** Runs a script over a connection that is open, and opens none. Never rejects. */
export type RunScript = (node: string, request: ScriptRequest) => Promise<ScriptResult>;
