// One kept-open operator connection to a gateway: a call costs milliseconds, the CLI seconds.
import { randomUUID } from "node:crypto";

interface Frame {
  type: "req" | "res" | "event";
  id?: string;
  ok?: boolean;
  payload?: unknown;
  error?: { code?: string; message?: string; details?: unknown };
  event?: string;
}

/** A refused call, with the gateway's own code and details. */
export class RpcError extends Error {
  readonly code: string | undefined;
  readonly details: unknown;
  constructor(method: string, error: Frame["error"]) {
    super(`${method}: ${error?.code ?? "ERROR"} ${error?.message ?? ""}`.trim());
    this.code = error?.code;
    this.details = error?.details;
  }
}

export interface RpcOptions {
  /** The method answers twice (accepted, then done): resolve with the second answer. */
  readonly final?: boolean;
  readonly timeoutMs?: number;
}

export interface RpcClient {
  call<T = unknown>(method: string, params?: object, options?: RpcOptions): Promise<T>;
  /** Calls `listener` for each event of this name until the connection ends. */
  on(event: string, listener: (payload: unknown) => void): void;
  readonly open: boolean;
  close(): void;
}

const SCOPES = ["read", "write", "admin", "approvals", "questions", "pairing"].map(
  (name) => `operator.${name}`,
);

/** Direct loopback clients of this id and mode may connect with the shared token alone, without pairing. */
const CLIENT = { id: "gateway-client", mode: "backend", version: "1.0.0", platform: process.platform };

const isAccepted = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "status" in payload && payload.status === "accepted";

interface Pending {
  readonly method: string;
  readonly final: boolean;
  readonly timer: NodeJS.Timeout;
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

/** Connects, authenticates and resolves when the gateway has said hello. */
export async function connectRpc(url: string, token: string, timeoutMs = 60_000): Promise<RpcClient> {
  const socket = new WebSocket(url);
  const pending = new Map<string, Pending>();
  const listeners = new Map<string, ((payload: unknown) => void)[]>();
  const challenged = Promise.withResolvers<void>();

  const call = <T>(method: string, params: object = {}, options: RpcOptions = {}): Promise<T> => {
    if (socket.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error(`${method}: not connected to ${url}`));
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const limit = options.timeoutMs ?? 90_000;
    const timer = setTimeout(() => {
      pending.delete(id);
      reject(new Error(`${method}: no answer within ${limit / 1000} s`));
    }, limit);
    pending.set(id, { method, final: options.final ?? false, timer, resolve, reject });
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return promise as Promise<T>;
  };

  const answer = (frame: Frame): void => {
    const entry = pending.get(frame.id ?? "");
    if (!entry || (frame.ok && entry.final && isAccepted(frame.payload))) return;
    pending.delete(frame.id ?? "");
    clearTimeout(entry.timer);
    if (frame.ok) entry.resolve(frame.payload);
    else entry.reject(new RpcError(entry.method, frame.error));
  };

  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.type === "res") return answer(frame);
    if (frame.event === "connect.challenge") challenged.resolve();
    for (const listener of listeners.get(frame.event ?? "") ?? []) listener(frame.payload);
  };
  const lost = (why: string): void => {
    const error = new Error(`connection to ${url} ended: ${why}`);
    challenged.reject(error);
    for (const entry of pending.values()) {
      clearTimeout(entry.timer);
      entry.reject(error);
    }
    pending.clear();
  };
  socket.onerror = () => lost("refused or broken");
  socket.onclose = (event) => lost(`${event.code} ${event.reason}`.trim());

  const slow = setTimeout(() => lost("no challenge in time"), timeoutMs);
  await challenged.promise.finally(() => clearTimeout(slow));
  const auth = { token };
  await call("connect", {
    minProtocol: 4,
    maxProtocol: 4,
    client: CLIENT,
    role: "operator",
    scopes: SCOPES,
    caps: ["tool-events"],
    auth,
  });

  return {
    call,
    on: (event, listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    get open() {
      return socket.readyState === WebSocket.OPEN;
    },
    close: () => socket.close(),
  };
}
