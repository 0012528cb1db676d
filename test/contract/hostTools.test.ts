// Every tool of the real OpenClaw has a class in the catalogue, every parameter of exec is thought of, and every gateway
// method of ours needs what the host's own method of the same effect needs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { EXEC_PARAMS } from "../../src/nodeRouter/approval/question.ts";
import { registerGatewayMethods } from "../../src/nodeRouter/surfaces/methods/register.ts";
import { catalogEntry, catalogNames, toolId } from "../../src/nodeRouter/toolCatalog/catalog.ts";
import { gatewayFileAt, gatewayFileIn } from "../../src/nodeRouter/toolCatalog/localPaths.ts";
import { isProcessInput } from "../../src/nodeRouter/toolCatalog/processInput.ts";
import { harnessIn, preparesWorktree } from "../../src/nodeRouter/toolCatalog/spawns.ts";
import { paramValue } from "../../src/shared/hostParams.ts";
import { fakeDeps } from "../support/fakeDeps.ts";

const HOST = join(import.meta.dirname, "../../node_modules/openclaw/dist");

/** The host's built modules whose file begins like this; their names end in a hash. */
async function modules(prefix: string): Promise<readonly Record<string, unknown>[]> {
  const files = readdirSync(HOST).filter((file) => file.startsWith(prefix) && file.endsWith(".mjs"));
  return Promise.all(
    files.map(async (file): Promise<Record<string, unknown>> => import(pathToFileURL(join(HOST, file)).href)),
  );
}

/** What the host's functions and constants of that module give, called without arguments. */
async function valuesOf(prefix: string): Promise<readonly unknown[]> {
  const exported = (await modules(prefix)).flatMap((module) => Object.values(module));
  return exported.map((value) => {
    if (typeof value !== "function" || value.length > 0) return value;
    const made: unknown = value();
    return made;
  });
}

/** Names of the tools of which a list in that module speaks, under `name` or `id`. */
async function namesIn(prefix: string, key: "name" | "id"): Promise<readonly string[]> {
  const lists = (await valuesOf(prefix)).filter(Array.isArray).flat();
  return lists.flatMap((entry: unknown) =>
    typeof entry === "object" && entry !== null && key in entry ? [String(Reflect.get(entry, key))] : [],
  );
}

/** `contracts.tools` of the plugins in the package. */
function bundledTools(): readonly { readonly plugin: string; readonly tool: string }[] {
  const folder = join(HOST, "extensions");
  const plugins = readdirSync(folder).filter((plugin) =>
    existsSync(join(folder, plugin, "openclaw.plugin.json")),
  );
  return plugins.flatMap((plugin) => {
    const manifest: { contracts?: { tools?: string[] } } = JSON.parse(
      readFileSync(join(folder, plugin, "openclaw.plugin.json"), "utf8"),
    );
    return (manifest.contracts?.tools ?? []).map((tool) => ({ plugin, tool }));
  });
}

function unknownOf(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => catalogEntry(name) === null);
}

/** What whoever meets a new tool is to do. */
const WHAT_TO_DO =
  "OpenClaw has a tool that nobody classified: read what it does with machines, files, processes and the config, and put it into src/nodeRouter/toolCatalog/hostTools.ts or pluginTools.ts (harmless ones with the reason why)";

describe("the host's tools", () => {
  test("of its own all are in the catalogue", async () => {
    const names = await namesIn("core-tool-factory-descriptors-", "name");
    expect(names.length).toBeGreaterThan(50);
    expect(names).toEqual(expect.arrayContaining(["exec", "openclaw", "automations"]));
    expect(unknownOf(names), WHAT_TO_DO).toEqual([]);
  });

  test("so are those that its settings know, which have some of plugins, too", async () => {
    const source = sourceOf("tool-catalog-");
    const list = source.slice(source.indexOf("CORE_TOOL_DEFINITIONS"), source.indexOf("CORE_TOOL_BY_ID"));
    const names = [...list.matchAll(/\bid: "([a-z_]+)"/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(unknownOf(names), WHAT_TO_DO).toEqual([]);
  });

  test("so are those of the plugins in its package", () => {
    const tools = bundledTools();
    expect(tools.length).toBeGreaterThan(40);
    const unknown = tools.filter(({ tool }) => catalogEntry(tool) === null);
    expect(unknown, WHAT_TO_DO).toEqual([]);
  });

  test("so are those that it refuses over HTTP, the ones it keeps for owners, and those that stand for others", () => {
    const source = `${sourceOf("dangerous-tools-")}${sourceOf("code-mode-control-tools-")}`;
    const known = [...source.matchAll(/^\t"([a-z_]+)",?$/gm)].map(([, name = ""]) => name);
    // Names of tools that this host has no more.
    const gone = ["spawn", "shell", "fs_write", "fs_delete", "fs_move"];
    expect(known).toEqual(expect.arrayContaining(["exec", "openclaw", "plugins"]));
    expect(
      unknownOf(known).filter((name) => !gone.includes(name)),
      WHAT_TO_DO,
    ).toEqual([]);
    expect(["tool_call", "tool_search", "tool_search_code", "wait"].map(catalogEntry)).not.toContain(null);
  });

  test("under each of the host's own spellings the class is the same", () => {
    const aliases = [...sourceOf("tool-policy-shared-").matchAll(/\["([a-z_-]+)", "([a-z_]+)"\]/g)].map(
      ([, alias = "", name = ""]) => [alias, name] as const,
    );
    expect(aliases.length).toBeGreaterThan(2);
    for (const [alias, name] of aliases) expect(toolId(alias), alias).toBe(name);
    expect(toolId(" Exec ")).toBe("exec");
  });

  test("a tool that is not the host's is not in the catalogue, whatever it is called", () => {
    for (const name of ["my_tool", "__proto__", "constructor", "toString", "exec2", "", "server__exec"]) {
      expect(catalogEntry(name)).toBe(null);
    }
    expect(new Set(catalogNames()).size).toBe(catalogNames().length);
  });
});

describe("the parameters that decide", () => {
  test("every action of process either looks and ends, or counts as input", () => {
    const [, list = ""] = /PROCESS_TOOL_ACTIONS = \[([^\]]+)\]/.exec(sourceOf("bash-tools.schemas-")) ?? [];
    const actions = [...list.matchAll(/"([a-z-]+)"/g)].map(([, action = ""]) => action);
    expect(actions).toHaveLength(10);
    expect(actions.filter((action) => isProcessInput({ action }))).toEqual([
      "write",
      "send-keys",
      "submit",
      "paste",
    ]);
  });

  test("every runtime of a spawn but OpenClaw's own counts as an external harness", () => {
    const [, list = ""] =
      /SESSIONS_SPAWN_RUNTIMES = \[([^\]]+)\]/.exec(sourceOf("sessions-spawn-tool-")) ?? [];
    const runtimes = [...list.matchAll(/"([a-z-]+)"/g)].map(([, runtime = ""]) => runtime);
    expect(runtimes).toEqual(expect.arrayContaining(["subagent", "acp"]));
    expect(runtimes.filter((runtime) => harnessIn({ runtime }) === null)).toEqual(["subagent"]);
  });

  test("a parameter has the spellings that the host reads, and a worktree the name that it has there", () => {
    expect(sourceOf("param-key-")).toContain("function readSnakeCaseParamRaw(params, key)");
    const spawns = sourceOf("sessions-spawn-tool-");
    expect(spawns).toContain('readToolStringParam(params, "agentId")');
    expect(spawns).toContain('readToolStringParam(params, "sessionKey")');
    expect(spawns).toContain("params.raw.worktree === true");
    expect(paramValue({ agent_id: "a", agentid: "b" }, "agentId")).toBe("a");
    expect(preparesWorktree({ worktree: true })).toBe(true);
  });

  test("every parameter of which the host says that it takes a path or an address counts as a file", () => {
    const source = sourceOf("openclaw-tools-");
    const names = [
      ...source.matchAll(/^\t+(\w+): Type\.Optional\(Type\.[^\n]*(?:path|paths)\/URL[^\n]*$/gim),
    ].map(([, name = ""]) => name);
    expect(names).toEqual(expect.arrayContaining(["image", "pdf", "video", "audioRef"]));
    for (const name of [...names, "path", "paths", "images", "videos", "audioRefs", "pdfs"]) {
      expect(gatewayFileIn({ [name]: "/etc/passwd" }), name).toBe("/etc/passwd");
      expect(gatewayFileIn({ [name]: ["https://x/y.png", "notes.pdf"] }), name).toBe("notes.pdf");
    }
    expect(gatewayFileAt({ outPath: "/x" }, ["outPath"])).toBe("/x");
    expect(source).toContain("outPath: ");
    expect(sourceOf("browser-tool.schema-")).toContain("paths: ");
  });

  test("every key under which a message takes a file counts as one, also in an attachment", () => {
    const source = sourceOf("message-action-normalization-");
    const keysOf = (list: string) =>
      [...(new RegExp(`${list} = \\[([^\\]]+)\\]`).exec(source)?.[1] ?? "").matchAll(/"(\w+)"/g)].map(
        ([, key = ""]) => key,
      );
    const base = keysOf("BASE_ACTION_MEDIA_SOURCE_PARAM_KEYS");
    const attached = keysOf("STRUCTURED_ATTACHMENT_MEDIA_SOURCE_PARAM_KEYS");
    expect([base, attached]).toEqual([
      expect.arrayContaining(["media", "path"]),
      expect.arrayContaining(["url", "filePath"]),
    ]);
    for (const key of [...base, "mediaUrls", "media_urls"]) {
      expect(gatewayFileIn({ action: "send", [key]: "/etc/passwd" }), key).toBe("/etc/passwd");
    }
    for (const key of attached) {
      expect(gatewayFileIn({ attachments: [{ [key]: "~/.ssh/id" }] }), key).toBe("~/.ssh/id");
    }
  });
});

test("every parameter of the host's exec is shown to who decides, said by the plugin, or harmless", async () => {
  const schemas = (await valuesOf("bash-tools.schemas-")).flatMap((value) =>
    typeof value === "object" && value !== null && "properties" in value ? [Object(value.properties)] : [],
  );
  const exec = schemas.filter((properties) => "command" in properties);
  expect(exec.length).toBeGreaterThan(0);
  const names = new Set(exec.flatMap((properties) => Object.keys(properties)));
  expect(
    [...names].filter((name) => !Object.hasOwn(EXEC_PARAMS, name)),
    "exec has a parameter that nobody thought of: does it decide what runs? Then show it in workspacePolicy/approval.ts",
  ).toEqual([]);
});

describe("gateway methods", () => {
  /** Ours, and the host's methods of the same effect. */
  const SAME: Readonly<Record<string, readonly string[]>> = {
    status: ["status", "node.list", "agents.list"],
    nodes: ["node.list", "node.describe"],
    events: ["node.list", "logs.tail"],
    explain: ["node.list", "config.get"],
    doctor: ["status", "config.get"],
    guardPlan: ["config.get"],
    guard: ["config.set", "config.patch", "config.apply"],
    probe: ["node.pending.enqueue", "tools.invoke"],
    ping: ["node.pending.enqueue", "tools.invoke"],
    trust: ["config.set"],
    setup: ["config.set", "device.pair.setupCode", "plugins.install"],
    peerSetup: ["config.set", "config.patch"],
    edit: ["config.set", "config.patch"],
    export: ["config.set"],
    // Where every agent's calls run: as a change of the rules.
    cordon: ["config.patch"],
    uncordon: ["config.patch"],
    drain: ["config.patch"],
    drained: ["node.list"],
    plan: ["config.get", "node.list"],
    test: ["config.get", "node.list"],
    calls: ["node.list", "logs.tail"],
    // Rules of the config, and what nodes, status, events and calls say.
    describe: ["config.get", "node.list", "logs.tail", "status"],
    ledger: ["logs.tail"],
    usage: ["sessions.usage", "usage.cost"],
    peers: ["node.list"],
    probePeer: ["tools.invoke"],
    // What agents were asked and answered, as their sessions hold it.
    delegations: ["sessions.list", "chat.history"],
    delegation: ["chat.history"],
    cancelDelegation: ["sessions.abort"],
    endDelegation: ["sessions.abort"],
    retryDelegation: ["sessions.send"],
  };
  const registered = new Map<string, string>();
  registerGatewayMethods(
    {
      version: "1",
      registerGatewayMethod: (name: string, _handler: unknown, { scope }: { scope: string }) =>
        registered.set(name.replace("noderouter.", ""), scope),
    } as never,
    fakeDeps(),
  );

  test("every one is compared with the host's", () => {
    expect([...registered.keys()].sort()).toEqual(Object.keys(SAME).sort());
  });

  test.each(Object.entries(SAME))("%s needs what the host asks for the same", (name, methods) => {
    for (const method of methods) {
      const [scope] = sourceOf("method-scopes-").match(
        new RegExp(`"${method.replaceAll(".", "\\.")}",\\s*(?:"[\\w-]+"|null),\\s*"operator\\.\\w+"`),
      ) ?? [""];
      expect(scope, `${method} is not in the host's list`).not.toBe("");
      const asked = /"(operator\.\w+)"$/.exec(scope)?.[1] ?? "";
      expect(rank(registered.get(name) ?? ""), `noderouter.${name} and ${method}`).toBeGreaterThanOrEqual(
        rank(asked),
      );
    }
  });

  function rank(scope: string): number {
    return ["operator.read", "operator.write", "operator.admin"].indexOf(scope);
  }
});

/** Every built module whose name begins like this, as text. */
function sourceOf(prefix: string): string {
  const files = readdirSync(HOST).filter((file) => file.startsWith(prefix) && file.endsWith(".mjs"));
  expect(files.length, `the host has no ${prefix}*.mjs any more: find where its list is now`).toBeGreaterThan(
    0,
  );
  return files.map((file) => readFileSync(join(HOST, file), "utf8")).join("\n");
}
