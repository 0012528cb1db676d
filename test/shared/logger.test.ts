// What reaches the gateway's log, and what never does.
import { describe, expect, test } from "vitest";
import { createLogger } from "../../src/shared/logger.ts";

function captured() {
  const lines: string[] = [];
  const to = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  const host = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  return { lines, host, log: createLogger(host) };
}

describe("createLogger", () => {
  test("each level goes to the host's own, with the message first and the facts as JSON", () => {
    const { lines, log } = captured();
    log.trace("nobody");
    log.debug({ n: 1 }, "a");
    log.info({ agent: "worker-sg" }, "placed");
    log.warn("b");
    log.error("c");
    log.fatal("d");
    log.info({ only: "facts" });
    expect(lines).toEqual([
      'debug: a {"n":1}',
      'info: placed {"agent":"worker-sg"}',
      "warn: b {}",
      "error: c {}",
      "error: d {}",
      'info: node-router {"only":"facts"}',
    ]);
  });

  test("a child says its part in every line", () => {
    const { lines, log } = captured();
    log.child({ part: "policy" }).info({ agent: "a" }, "placed");
    expect(lines).toEqual(['info: placed {"part":"policy","agent":"a"}']);
  });

  test("a host without debug lines loses only those", () => {
    const { lines, host } = captured();
    const log = createLogger({ ...host, debug: undefined });
    log.debug("quiet");
    log.info("told");
    expect(lines).toEqual(["info: told {}"]);
  });

  const SECRET = "sk-secret";
  test.each([
    { command: SECRET },
    { rawCommand: SECRET },
    { argv: ["sh", SECRET] },
    { script: SECRET },
    { env: { A: SECRET } },
    { token: SECRET },
    { gatewayToken: SECRET },
    { password: SECRET },
    { identityData: SECRET },
    { passphrase: SECRET },
    { params: { command: SECRET, env: { A: SECRET }, gatewayToken: SECRET } },
    { event: { params: { command: SECRET } } },
    { job: { payload: { argv: [SECRET] } } },
    { ssh: { identityData: SECRET, passphrase: SECRET } },
  ])("%j never shows its text, also as the binding of a child", (facts) => {
    const { lines, log } = captured();
    log.info(facts, "placed");
    log.child(facts).error("failed");
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain(SECRET);
    expect(lines.join()).toContain("[redacted]");
  });

  test("what is no secret is not hidden with them", () => {
    const { lines, log } = captured();
    log.info({ tool: "exec", params: { command: SECRET, workdir: "/w" } }, "placed");
    expect(lines).toEqual(['info: placed {"tool":"exec","params":{"command":"[redacted]","workdir":"/w"}}']);
  });

  test("a name from outside cannot repaint the line or begin another", () => {
    const { lines, log } = captured();
    log.info({ node: "mac\u001b[2J\u202e\u0085\nERROR" }, "pl\u009baced\n");
    expect(lines).toEqual(['info: pl\\u009baced\\u000a {"node":"mac\\u001b[2J\\u202e\\u0085\\nERROR"}']);
  });
});
