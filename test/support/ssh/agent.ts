// An ssh-agent on a socket of its own, with the keys a test gives it.
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import ssh2, { type ParsedKey } from "ssh2";
import type { TestKey } from "./keys.ts";

export interface TestAgent {
  /** For SSH_AUTH_SOCK or IdentityAgent. */
  readonly path: string;
  /** How often a signature was asked for. */
  signed(): number;
  stop(): Promise<void>;
}

export interface TestAgentOptions {
  /** Lists its keys, then refuses every signature, like a person who says no. */
  readonly refusesToSign?: boolean;
  /** Takes requests and never answers. */
  readonly isSilent?: boolean;
}

/** @param dir an existing folder, short enough for a socket's path. */
export async function startAgent(
  dir: string,
  keys: readonly TestKey[],
  options: TestAgentOptions = {},
): Promise<TestAgent> {
  const held = keys.map(({ privateKey }): ParsedKey => {
    const key = ssh2.utils.parseKey(privateKey);
    if (key instanceof Error) throw key;
    return key;
  });
  const sockets = new Set<Socket>();
  let signed = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    if (options.isSilent) return;
    const protocol = new ssh2.AgentProtocol(false);
    protocol.on("error", () => undefined);
    protocol.on("identities", (request) => protocol.getIdentitiesReply(request, [...held]));
    protocol.on("sign", (request, publicKey, data, { hash }) => {
      signed += 1;
      const key = held.find((own) => own.getPublicSSH().equals(publicKey.getPublicSSH()));
      if (key === undefined || options.refusesToSign) protocol.failureReply(request);
      else protocol.signReply(request, key.sign(data, hash));
    });
    socket.pipe(protocol).pipe(socket);
  });
  const path = join(dir, "agent.sock");
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    signed: () => signed,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
