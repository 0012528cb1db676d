// A way for bytes to another gateway: what gives connections to its HTTP server.
import type { Duplex } from "node:stream";
import type { Refusal } from "../../../shared/refusal.ts";

/** A connection that is there: whatever is written to it from now on may arrive. */
export type OpenedLine =
  | { readonly ok: true; readonly stream: Duplex }
  | { readonly ok: false; readonly why: Refusal };

export interface Road {
  /** For the `Host` header. */
  readonly host: string;
  /** Never rejects. An aborted one gives nothing, and leaves nothing open. */
  open(signal: AbortSignal): Promise<OpenedLine>;
  /** Ends what is open; a later `open` begins anew. */
  close(): void;
}
