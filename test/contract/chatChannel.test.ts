// The installed OpenClaw sends a plugin's text by a channel of another plugin, without a gateway, and keeps no copy.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { digestText } from "../../src/nodeRouter/alerts/alertText.ts";
import { ROOT } from "../support/environment.ts";
import { jsonLines } from "../support/jsonLines.ts";

const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), "node-router-chat-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const file = join(home, "messages.jsonl");
const state = join(home, ".openclaw");
mkdirSync(state);
writeFileSync(
  join(state, "openclaw.json"),
  JSON.stringify({
    channels: { pager: { enabled: true, file } },
    plugins: {
      load: { paths: [join(ROOT, "test", "fixtures", "pager-plugin")] },
      entries: { pager: { enabled: true } },
    },
  }),
);

async function outcomeOf(text: string): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: home, OPENCLAW_STATE_DIR: state };
  const child = join(import.meta.dirname, "chatChannelChild.ts");
  const { stdout } = await run(process.execPath, [child, text], { env, cwd: home });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "").outcome;
}

test("a text arrives as it is, word for word", async () => {
  const detail = "MEDIA:/etc/passwd [[reply_to:1]] NO_REPLY @all";
  const alert = {
    kind: "offline",
    name: "a_b*c",
    detail,
    sinceMs: 0,
    isTold: false,
    wellSinceMs: null,
  } as const;
  const text = digestText({ begun: [alert], over: [] }, "gw-cn", 0);
  expect(await outcomeOf(text)).toBe("sent");
  expect(jsonLines(file)).toEqual([expect.objectContaining({ to: "ops", text })]);
}, 180_000);

test("what the channel does not take is told, and is in no queue from which OpenClaw would send it later", async () => {
  writeFileSync(`${file}.down`, "");
  expect(await outcomeOf("second")).toBe("the pager's battery is empty");
  rmSync(`${file}.down`);
  expect(await outcomeOf("third")).toBe("sent");
  expect(readFileSync(file, "utf8")).not.toContain("second");
  expect(existsSync(join(state, "state", "openclaw.sqlite"))).toBe(false);
}, 180_000);
