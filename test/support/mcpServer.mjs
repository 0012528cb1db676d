// A small MCP server over stdio, for a node to publish: one tool that tells where it runs and leaves a file there.
//   node mcpServer.mjs <tool name>
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , name = "where"] = process.argv;
const home = process.env.HOME ?? ".";
const tool = { name, description: "Tells where it runs.", inputSchema: { type: "object", properties: {} } };

/** @type {Readonly<Record<string, (params: { readonly protocolVersion?: unknown }) => object>>} */
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "test", version: "1" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools: [tool] }),
  "tools/call": () => {
    const machine = readFileSync(join(home, "whoami"), "utf8").trim();
    appendFileSync(join(home, "mcp-calls"), `${name}\n`);
    return { content: [{ type: "text", text: `machine=${machine}` }] };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answer = answers[method];
  const reply = answer ? { result: answer(params ?? {}) } : { error: { code: -32601, message: method } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...reply })}\n`);
}
