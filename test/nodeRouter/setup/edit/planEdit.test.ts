// Edits of the config by name: what is written, in which words, how it is taken back, and what is refused.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeValues } from "../../../../src/nodeRouter/setup/configChange.ts";
import type { ConfigEdit, EditKnown } from "../../../../src/nodeRouter/setup/edit/configEdit.ts";
import { planEdit } from "../../../../src/nodeRouter/setup/edit/planEdit.ts";
import { withoutSecrets } from "../../../../src/nodeRouter/setup/edit/withoutSecrets.ts";
import { editOf } from "../../../../src/nodeRouter/surfaces/cli/editCommand.ts";

const KNOWN: EditKnown = {
  agents: ["worker-sg", "worker-cn", "worker-hk"],
  nodes: ["mac-sg", "mac-cn", "paired-only"],
  sessionsOn: (node) => (node === "mac-cn" ? ["agent:worker-cn:main"] : []),
};
const RULES = [
  { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
  { name: "china", agents: ["worker-cn"], require: "node.name in (mac-cn)", near: { country: "CN" } },
  { name: "rest", agents: ["*"] },
];
const CONFIG = {
  nodes: {
    "mac-sg": { tags: ["region=sg", "gpu"], workspace: "/w" },
    "mac-cn": { tags: ["region=cn"], ssh: { user: "claw", passphrase: "quite secret" } },
  },
  rules: RULES,
};

/** The config after the edit. */
function edited(config: object, edit: ConfigEdit, known = KNOWN): Record<string, unknown> {
  const draft = { plugins: { entries: { "node-router": { config: structuredClone(config) } } } };
  writeValues(draft, planEdit(config, edit, known).values);
  return draft.plugins.entries["node-router"].config as Record<string, unknown>;
}

const namesAfter = (edit: ConfigEdit, config: object = CONFIG) =>
  (edited(config, edit).rules as { name: string }[] | undefined)?.map(({ name }) => name);

const add = (name: string, at: Extract<ConfigEdit, { kind: "addRule" }>["at"]): ConfigEdit => ({
  kind: "addRule",
  name,
  agents: ["worker-hk"],
  require: "region=hk",
  at,
});

/** The edit that a command of `undo` asks for. */
function asEdit(command: string): ConfigEdit {
  const words = [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
  const [name, ...rest] = words;
  const options: Record<string, string | boolean> = {};
  const plain: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    if (!word.startsWith("--")) plain.push(word);
    else if (word === "--last" || word === "--first") options[word.slice(2)] = true;
    else options[word.slice(2)] = rest[++at] ?? "";
  }
  const [node, ...others] = plain;
  const edit = editOf(name as "rule", { node, id: others.join(" "), ...options });
  if (typeof edit === "string") throw new Error(edit);
  return edit;
}

describe("a rule that is added", () => {
  test.each([
    ["first", "first", ["hk", "singapore", "china", "rest"]],
    ["last", "last", ["singapore", "china", "rest", "hk"]],
    ["before another", { before: "rest" }, ["singapore", "china", "hk", "rest"]],
    ["after another", { after: "singapore" }, ["singapore", "hk", "china", "rest"]],
  ] as const)("%s stands there, and the others keep their order", (_, at, names) => {
    expect(namesAfter(add("hk", at))).toEqual(names);
  });

  test("is the first one of a config that has none", () => {
    expect(edited({}, add("hk", "last"))).toEqual({
      rules: [{ name: "hk", agents: ["worker-hk"], require: "region=hk" }],
    });
  });

  test("without a selector has none, and never an empty one", () => {
    const edit: ConfigEdit = {
      kind: "addRule",
      name: "all",
      agents: ["Worker HK"],
      require: null,
      at: "last",
    };
    expect((edited(CONFIG, edit).rules as unknown[]).at(-1)).toEqual({ name: "all", agents: ["worker-hk"] });
  });

  test.each([
    [
      "with a name that is taken",
      add("rest", "last"),
      /SETUP_FAILED: a rule "rest" is there already; nothing was changed/,
    ],
    [
      "before one that is not there",
      add("hk", { before: "rset" }),
      /no rule "rset" is configured.*did you mean "rest"\?/,
    ],
    [
      "for an agent that is not there",
      { ...add("hk", "last"), agents: ["worker-sq"] },
      /AGENT_UNKNOWN: no agent "worker-sq".*"worker-sg"/,
    ],
  ] as readonly (readonly [string, ConfigEdit, RegExp])[])("%s is refused", (_, edit, told) => {
    expect(() => planEdit(CONFIG, edit, KNOWN)).toThrow(told);
  });

  test("for a glob, or where nobody can tell who there is, is not refused for its agents", () => {
    const edit = { ...add("hk", "last"), agents: ["team-*"] } as ConfigEdit;
    expect(planEdit(CONFIG, edit, KNOWN).values).toHaveLength(1);
    const unknown = { ...add("hk", "last"), agents: ["nobody"] } as ConfigEdit;
    expect(planEdit(CONFIG, unknown, { ...KNOWN, agents: null }).values).toHaveLength(1);
  });
});

describe("a rule that is moved", () => {
  const move = (name: string, at: Extract<ConfigEdit, { kind: "moveRule" }>["at"]): ConfigEdit => ({
    kind: "moveRule",
    name,
    at,
  });

  test("goes where it is told, whole, and is not copied", () => {
    const moved = edited(CONFIG, move("china", "first"));
    expect(moved.rules).toEqual([RULES[1], RULES[0], RULES[2]]);
    expect(moved.nodes).toEqual(CONFIG.nodes);
    expect(namesAfter(move("singapore", { after: "rest" }))).toEqual(["china", "rest", "singapore"]);
  });

  test("to where it stands is no change", () => {
    for (const at of ["first", { before: "china" }] as const)
      expect(planEdit(CONFIG, move("singapore", at), KNOWN)).toMatchObject({
        values: [],
        lines: [],
        undo: [],
      });
  });

  test("before itself, or of a name that is not there, is refused", () => {
    expect(() => planEdit(CONFIG, move("rest", { before: "rest" }), KNOWN)).toThrow(/before or after itself/);
    expect(() => planEdit(CONFIG, move("nope", "last"), KNOWN)).toThrow(/no rule "nope"/);
  });
});

describe("a rule that is taken out", () => {
  test("leaves the others as they are, and the last one leaves no empty list", () => {
    expect(namesAfter({ kind: "removeRule", name: "china" })).toEqual(["singapore", "rest"]);
    expect(edited({ rules: [RULES[0]] }, { kind: "removeRule", name: "singapore" })).toEqual({});
  });

  test("that another one asks next is told of", () => {
    const config = { rules: [{ ...RULES[0], onUnavailable: { next: "rest" } }, RULES[2]] };
    expect(planEdit(config, { kind: "removeRule", name: "rest" }, KNOWN).notes).toEqual([
      'rule "singapore" names it in onUnavailable.next',
    ]);
    expect(planEdit(CONFIG, { kind: "removeRule", name: "rest" }, KNOWN).notes).toEqual([]);
  });

  test("that says more than a command can has no command that brings it back, and is shown whole", () => {
    const plan = planEdit(CONFIG, { kind: "removeRule", name: "china" }, KNOWN);
    expect(plan.lines.join()).toContain('"near":{"country":"CN"}');
    expect(plan.undo).toEqual([
      expect.stringMatching(/^no command: put the rule above back.*place 2 of 3, before "rest"/),
    ]);
  });
});

test("the command that is printed for taking an edit of rules back does so, from whatever order", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9 "=._-]{1,12}$/).filter((text) => text.trim() === text);
  const names = fc.uniqueArray(
    name.filter((text) => !text.startsWith("-")),
    { minLength: 2, maxLength: 6 },
  );
  fc.assert(
    fc.property(
      names,
      fc.nat(),
      fc.nat(),
      fc.constantFrom("addRule", "moveRule", "removeRule"),
      (all, a, b, kind) => {
        const [fresh = "", ...there] = all;
        const rules = there.map((one) => ({
          name: one,
          agents: ["worker-hk"],
          require: "region in (sg,hk)",
        }));
        const subject = there[a % there.length] ?? "";
        const others = there.filter((one) => one !== subject);
        const at = others.length === 0 ? ("first" as const) : { before: others[b % others.length] ?? "" };
        const edit: ConfigEdit =
          kind === "addRule"
            ? add(fresh, at)
            : kind === "moveRule"
              ? { kind, name: subject, at }
              : { kind: "removeRule", name: subject };
        const { values, undo } = planEdit({ rules }, edit, KNOWN);
        if (values.length === 0) return;
        // A name with blanks cannot go through the one text that our options hold here.
        if (all.some((one) => one.includes(" "))) return;
        expect(edited(edited({ rules }, edit), asEdit(undo[0] ?? ""))).toEqual(
          rules.length === 0 ? {} : { rules },
        );
      },
    ),
  );
});

describe("tags", () => {
  const tag = (node: string, ...changes: string[]): ConfigEdit => ({ kind: "tag", node, changes });
  const tagsAfter = (edit: ConfigEdit) => (edited(CONFIG, edit).nodes as typeof CONFIG.nodes)["mac-sg"];

  test("are set, replaced in their place and dropped, and the rest of the entry stays", () => {
    expect(tagsAfter(tag("mac-sg", "disk=ssd", "region=hk", "gpu-"))).toEqual({
      tags: ["region=hk", "disk=ssd"],
      workspace: "/w",
    });
  });

  test("of which the last goes leave no empty list", () => {
    expect(tagsAfter(tag("mac-sg", "region-", "gpu-"))).toEqual({ workspace: "/w" });
  });

  test("that are so already, or not there to be dropped, are no change", () => {
    expect(planEdit(CONFIG, tag("mac-sg", "gpu", "region=sg", "spot-"), KNOWN).values).toEqual([]);
  });

  test("are taken back by the command that is printed", () => {
    const edit = tag("mac-sg", "disk=ssd", "region=hk", "gpu-");
    const [undo = ""] = planEdit(CONFIG, edit, KNOWN).undo;
    expect(undo).toBe("tag mac-sg disk- 'region=sg' gpu");
    const tags = (edited(edited(CONFIG, edit), asEdit(undo)).nodes as typeof CONFIG.nodes)["mac-sg"].tags;
    expect([...tags].sort()).toEqual(["gpu", "region=sg"]);
  });

  test("of a node that is only paired make its entry, and say so", () => {
    const plan = planEdit(CONFIG, tag("paired-only", "region=hk"), KNOWN);
    expect(plan.values).toEqual([{ path: ["nodes", "paired-only"], after: { tags: ["region=hk"] } }]);
    expect(plan.notes).toEqual([expect.stringContaining("nodes.paired-only is new")]);
  });

  test.each([
    ["of a node that nobody knows", tag("mac-sq", "gpu"), /no node "mac-sq" is known.*did you mean "mac-sg"/],
    ["that are none", tag("mac-sg", "re gion=sg"), /SETUP_FAILED: tag "re gion=sg": its key/],
    ["that are dropped with a value", tag("mac-sg", "region=sg-"), /its key alone|must be empty or/],
    ["of one key that are named twice", tag("mac-sg", "region=hk", "region-"), /named more than once/],
  ])("%s are refused", (_, edit, told) => {
    expect(() => planEdit(CONFIG, edit, KNOWN)).toThrow(told);
  });
});

describe("a node that is removed", () => {
  const remove = (node: string, force = false): ConfigEdit => ({ kind: "removeNode", node, force });

  test("goes alone, and the last one leaves no empty folder", () => {
    expect(Object.keys(edited(CONFIG, remove("mac-sg")).nodes as object)).toEqual(["mac-cn"]);
    expect(edited({ nodes: { "mac-sg": {} }, mode: "shadow" }, remove("mac-sg"))).toEqual({ mode: "shadow" });
  });

  test("on which files of sessions are stays, unless that is wanted all the same", () => {
    expect(() => planEdit(CONFIG, remove("mac-cn"), KNOWN)).toThrow(
      /SETUP_FAILED: node "mac-cn" cannot be removed: the files of a session are on it \("agent:worker-cn:main"\); nothing was changed\. Have them go first/,
    );
    const plan = planEdit(CONFIG, remove("mac-cn", true), KNOWN);
    expect(plan.notes[0]).toContain("and stay there");
    expect(planEdit(CONFIG, remove("mac-sg"), KNOWN).notes.join()).not.toContain("session");
  });

  test("is told with the rules that select it by its name, and without its secrets", () => {
    const plan = planEdit(CONFIG, remove("mac-cn", true), KNOWN);
    expect(plan.notes).toContain('rule "china" names it: require "node.name in (mac-cn)"');
    expect(plan.notes.join()).not.toContain("singapore");
    expect(JSON.stringify([plan.lines, plan.undo])).not.toContain("quite secret");
    expect(plan.undo.join()).toContain("with its secrets");
    expect(planEdit(CONFIG, remove("mac-sg"), KNOWN).undo.join()).not.toContain("secrets");
  });

  test("is told with the names of its variables and none of their values, whatever they are called", () => {
    const env = { SLACK_WEBHOOK: "resolved-value", LANG: "C" };
    const { lines, undo } = planEdit(
      { nodes: { "mac-sg": { tags: ["env=x"], env } } },
      remove("mac-sg"),
      KNOWN,
    );
    expect(lines).toEqual(['plugins.entries.node-router.config.nodes.mac-sg goes: {"tags":["env=x"]}']);
    expect(undo.join()).toMatch(/back into the config, with its env \(SLACK_WEBHOOK, LANG\)$/);
    expect(planEdit(CONFIG, remove("mac-sg"), KNOWN).undo.join()).not.toContain("env");
  });

  test("is refused when it is nobody's, or has no entry", () => {
    expect(() => planEdit(CONFIG, remove("mac"), KNOWN)).toThrow(/no node "mac" is known/);
    expect(() => planEdit(CONFIG, remove("paired-only"), KNOWN)).toThrow(/has no entry.*nodes remove/);
  });
});

describe("a config without its secrets", () => {
  test("keeps references, and loses every text that is a secret, with its path", () => {
    const ref = { source: "env", provider: "default", id: "KEY" };
    const config = {
      nodes: { a: { ssh: { user: "u", identityData: ref, passphrase: "p" } } },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what OpenClaw puts a variable into
      peers: { b: { url: "https://b", token: "${PEER_TOKEN}", accept: { token: "t".repeat(32) } } },
      odd: ["t", { token: "t" }],
    };
    const left: string[] = [];
    expect(withoutSecrets(config, (path) => left.push(path))).toEqual({
      nodes: { a: { ssh: { user: "u", identityData: ref } } },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: see above
      peers: { b: { url: "https://b", token: "${PEER_TOKEN}", accept: {} } },
      odd: ["t", {}],
    });
    expect(left).toEqual(["nodes.a.ssh.passphrase", "peers.b.accept.token", "odd[1].token"]);
  });
});
