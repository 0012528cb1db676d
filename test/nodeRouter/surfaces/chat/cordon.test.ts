// The slash commands `/cordon`, `/uncordon` and `/drain`: what they do, what they answer, whom the host lets give them.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { expect, test } from "vitest";
import { CORDONS } from "../../../../src/nodeRouter/inventory/cordons.ts";
import { type CordonCommand, cordonReply } from "../../../../src/nodeRouter/surfaces/chat/cordonReply.ts";
import { registerSlashCommands } from "../../../../src/nodeRouter/surfaces/chat/register.ts";
import { fakeDeps, START_MS } from "../../../support/fakeDeps.ts";

const HOST = { agents: { entries: { "worker-sg": {}, "worker-cn": {} } } };
type Command = Parameters<OpenClawPluginApi["registerCommand"]>[0];

test.each<[string, object]>([
  ["mac-sg", { reason: null, untilMs: null }],
  ["  mac-sg  the disk\nis full ", { reason: "the disk\\u000ais full", untilMs: null }],
  ["mac-sg for 2h", { reason: null, untilMs: START_MS + 7_200_000 }],
  ['"mac-sg" for 2h disk for good', { reason: "disk for good", untilMs: START_MS + 7_200_000 }],
])("/cordon %j cordons the node in the name of who gave it", async (args, kept) => {
  const deps = fakeDeps({ hostConfig: HOST });
  const answer = await cordonReply(deps, "cordon", args, "alice in webchat");
  expect(answer.replaceAll("\n", " ")).toMatch(
    /^node mac-sg is cordoned by "alice in webchat" since .*; new calls are refused there, what runs goes on$/,
  );
  const records = [...deps.memory.part(CORDONS).view().records.values()];
  expect(records).toEqual([expect.objectContaining({ node: "mac-sg", by: "alice in webchat", ...kept })]);
});

test.each<[CordonCommand, string, RegExp]>([
  ["cordon", "", /^\/cordon <node> \[for <time>\] \[reason\]; the time is /],
  ["uncordon", " ", /^\/uncordon <node>$/],
  ["cordon", "mac-gs", /did you mean "mac-sg"\?/],
  ["cordon", "mac-sg for ever", /^for takes a time span/],
  ["drain", "mac-\u001b[2J", /^no node "mac-\\u001b\[2J" is known/],
  ["cordon", "mac-sg --dry-run", /^\/cordon <node> .*; "--dry-run" is of the command line alone$/],
  ["drain", "mac-sg for 2h disk —move", /; "—move" is of the command line alone$/],
  ["cordon", "mac-sg --for 2h", /; "--for" is of the command line alone$/],
])("/%s %j changes nothing, and says why", async (command, args, words) => {
  const deps = fakeDeps({ hostConfig: HOST });
  expect(await cordonReply(deps, command, args, "alice")).toMatch(words);
  expect(deps.memory.part(CORDONS).view().records.size).toBe(0);
});

test("/drain says what holds the node without waiting, and /uncordon lets calls come again", async () => {
  const deps = fakeDeps({ hostConfig: HOST });
  expect((await cordonReply(deps, "drain", "mac-sg", "alice")).replaceAll("\n", " ")).toMatch(
    /^node mac-sg is drained by alice since .* nothing runs on mac-sg that this gateway knows of$/,
  );
  expect(await cordonReply(deps, "uncordon", "mac-sg", "alice")).toBe("calls may come again to mac-sg");
  expect(await cordonReply(deps, "uncordon", "mac-sg", "alice")).toBe("Nothing was cordoned.");
});

test("a reason calls nobody in the chat that reads it", async () => {
  const deps = fakeDeps({ hostConfig: HOST });
  await cordonReply(deps, "cordon", "mac-sg @everyone: <!channel>", "alice");
  const answer = await cordonReply(deps, "drain", "mac-sg @here", "alice");
  expect(["@", "<", ">"].filter((one) => answer.includes(one))).toEqual([]);
  expect(await cordonReply(deps, "cordon", "@everyone", "alice")).not.toContain("@");
});

test("the host asks for the scope of the gateway methods of the same names", async () => {
  const commands: Command[] = [];
  const api = { registerCommand: (command: Command) => void commands.push(command) };
  const deps = fakeDeps({ hostConfig: HOST });
  registerSlashCommands(api as unknown as OpenClawPluginApi, deps);
  const acting = commands.filter(({ name }) => name !== "nodes");
  expect(acting.map(({ name, requireAuth, requiredScopes }) => [name, requireAuth, requiredScopes])).toEqual(
    ["cordon", "uncordon", "drain"].map((name) => [name, true, ["operator.admin"]]),
  );
  const call = { args: "mac-sg", channel: "webchat" } as Parameters<Command["handler"]>[0];
  await acting[0]?.handler(call);
  expect(deps.memory.part(CORDONS).view().records.get("mac-sg")?.by).toBe("webchat");
});
