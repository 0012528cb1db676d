// An HTTP server by hand: what it sends, and when it breaks off, is the test's.
import { createServer, type Socket } from "node:net";

export interface RawPeer {
  readonly port: number;
  /** Requests that came whole, head and body. */
  readonly requests: string[];
  readonly connections: () => number;
  readonly open: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

export interface RawRequest {
  readonly socket: Socket;
  /** JSON-RPC's id, as JSON. */
  readonly id: string;
}

/** @param answer called with each whole request. @param onBytes with how many came on this connection so far. */
export async function startRawPeer(
  answer: (request: RawRequest) => void,
  onBytes: (bytes: number, socket: Socket) => void = () => {},
): Promise<RawPeer> {
  const open = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    open.add(socket);
    let text = "";
    let bytes = 0;
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
    onBytes(0, socket);
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      text += chunk.toString("utf8");
      onBytes(bytes, socket);
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
      if (end === -1 || text.length < end + 4 + length) return;
      const whole = text.slice(0, end + 4 + length);
      text = text.slice(whole.length);
      requests.push(whole);
      answer({ socket, id: /"id":("[^"]*")/.exec(whole)?.[1] ?? "null" });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("it has no port");
  return {
    port: address.port,
    requests,
    connections: () => connections,
    open,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

export function httpReply(body: string, head = "HTTP/1.1 200 OK"): string {
  return `${head}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export function resultReply(id: string, result: unknown = { done: true }): string {
  return httpReply(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);
}
