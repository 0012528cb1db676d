// What a node finds out of its own public address, from a service that may say anything, or nothing.
import { createServer, type IncomingMessage, get as plainGet, type RequestListener } from "node:http";
import type { get } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ownAddress } from "../../../../../src/nodeRouter/transports/node/host/ownAddress.ts";
import { readRequest } from "../../../../../src/nodeRouter/transports/node/host/readRequest.ts";
import { nodeEnd } from "../../../../support/nodeEnd.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** As the service answers; the wire is without TLS. */
async function asked(answer: RequestListener, waitMs = 40_000): Promise<string | null> {
  const server = createServer(answer);
  closing.push(
    () => void server.close(),
    () => server.closeAllConnections(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = ((
    _url: string,
    { signal }: { signal: AbortSignal },
    callback: (answer: IncomingMessage) => void,
  ) => plainGet({ host: "127.0.0.1", port, signal }, callback)) as unknown as typeof get;
  return ownAddress("https://ip.example/", waitMs, ask);
}

test.each<[string, RequestListener, string | null]>([
  ["its address", (_, to) => to.end("8.8.8.8\n"), "8.8.8.8"],
  ["an IPv6 address", (_, to) => to.end("2a00:1450:4001:0::1"), "2a00:1450:4001::1"],
  ["a private address", (_, to) => to.end("192.168.1.2"), null],
  ["a page", (_, to) => to.end("<html>8.8.8.8</html>"), null],
  ["a stream without end", (_, to) => to.write("8.8.8.8 ".repeat(100)), null],
  ["an error", (_, to) => to.writeHead(500).end("8.8.8.8"), null],
  ["a redirect", (_, to) => to.writeHead(302, { Location: "https://other.example/" }).end("8.8.8.8"), null],
  [
    "half an answer",
    (_, to) => void to.writeHead(200, { "Content-Length": 99 }).write("8.8.8.8", () => to.destroy()),
    null,
  ],
])("a service that answers with %s", async (_, answer, address) => {
  expect(await asked(answer)).toBe(address);
});

test("a silent service is waited for as long as a reply may take, and no longer", async () => {
  expect(await asked(() => {}, 50)).toBeNull();
});

test.each([
  "http://ip.example/",
  "file:///etc/passwd",
  "ip.example",
  "",
  `https://ip.example/${"x".repeat(2_048)}`,
])("SECURITY: %j is no service that a node asks", (url) => {
  expect(readRequest(JSON.stringify({ op: "address", url }))).toBe("its url is no https one");
});

test("the node's end answers with what it found, and asks only when it is asked", async () => {
  const urls: string[] = [];
  const { server } = nodeEnd({
    ownAddress: async (url) => {
      urls.push(url);
      return "8.8.8.8";
    },
  });
  closing.push(() => void server.close());
  await server.handle(JSON.stringify({ op: "hello" }), undefined);
  expect(urls).toEqual([]);
  const reply = JSON.parse(await server.handle('{"op":"address","url":"https://ip.example/"}', undefined));
  expect([reply, urls]).toEqual([
    { kind: "address", boot: server.boot, address: "8.8.8.8" },
    ["https://ip.example/"],
  ]);
});
