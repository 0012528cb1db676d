// `noderouter.edit`: an edit of the config by name, shown with what it would change, and written in one go.

import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { problemsMade } from "../../../config/problemsMade.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { withoutDefaults } from "../../../config/withoutDefaults.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { sameData } from "../../../shared/sameData.ts";
import { testedBy } from "../../current/testedConfig.ts";
import { agentIds, agentKey, listedAgentIds } from "../../host/hostConfig.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { writeValues } from "../../setup/configChange.ts";
import type { ConfigEdit, EditKnown } from "../../setup/edit/configEdit.ts";
import { editRefused } from "../../setup/edit/editRefusal.ts";
import { patchOf } from "../../setup/edit/initEdit.ts";
import { planEdit } from "../../setup/edit/planEdit.ts";
import { readEdit } from "../../setup/edit/readEdit.ts";
import { withoutSecretKeys } from "../../setup/edit/withoutSecrets.ts";
import { tailnetOthers, wholeTailnet } from "../../setup/tailnetOthers.ts";
import { SESSION_NODES } from "../../state/sessionNodes.ts";
import { applyGuard } from "../guard/apply.ts";
import type { GuardPlan } from "../guard/guardPlan.ts";
import { hasComments, type LookAtConfigFile, readConfigOnDisk } from "./configOnDisk.ts";
import { guardNotes, guardsOf, leftGuarded, settingTexts, undoGuardOf, writtenConfig } from "./editGuards.ts";
import { matchNotes } from "./matchNotes.ts";
import { namesList } from "./namesList.ts";
import { type Params, readFlag, UsageError } from "./params.ts";
import { type PlanReport, planMade } from "./planMethods.ts";
import type { SetupHost } from "./setupElsewhere.ts";

/** What an edit would change, or has changed. */
export interface EditReport {
  readonly applied: boolean;
  /** Of the plugin's config, one line a change; none: it is so already. */
  readonly changes: readonly string[];
  /** Of OpenClaw's settings for agents. */
  readonly settings: readonly string[];
  readonly notes: readonly string[];
  /** Commands that take it back, behind `openclaw node-router`. */
  readonly undo: readonly string[];
  /** What becomes of calls and sessions; null once it is written, and where nothing changes. */
  readonly effects: Pick<PlanReport, "valid" | "changes" | "more" | "sessions" | "guards" | "tests"> | null;
  /** The same as a JSON merge patch of openclaw.json. */
  readonly patch: Readonly<Record<string, unknown>>;
}

/**
 * @param params `{ edit, dryRun?, shown? }`, `edit` as in `configEdit.ts`; `shown`: the changes and settings of the dry
 *   run that a person has agreed to, without which nothing else is written.
 * @throws UsageError; NodeRouterError AGENT_UNKNOWN, SETUP_FAILED, INVENTORY_UNAVAILABLE
 */
export async function editConfig(
  deps: RouterDeps,
  { changeConfig, lookAtFile }: Pick<SetupHost, "changeConfig"> & { readonly lookAtFile: LookAtConfigFile },
  params: Params,
  tailnet: typeof wholeTailnet = wholeTailnet,
): Promise<EditReport> {
  const edit = readEdit(params.edit);
  if (typeof edit === "string") throw new UsageError(edit);
  const { shown = null } = params;
  const isDry = readFlag(params, "dryRun");
  const known = await knownNow(deps);
  const hostConfig = deps.hostConfig();
  const config = writtenConfig(hostConfig);
  const plan = planEdit(withoutDefaults(config), edit, known);
  const after = structuredClone(hostConfig);
  writeValues(after, plan.values);
  const guards = guardsOf(deps, edit, known, after);
  applyGuard(after, guards);
  const problems = [
    ...problemsMade(config, writtenConfig(after), "error"),
    ...testsBroken(hostConfig, after),
  ];
  if (problems.length > 0) throw editRefused(`the config would be wrong: ${problems.join("; ")}`);
  const settings = guards.flatMap(({ changes }) => changes);
  const isChange = plan.values.length + settings.length > 0;
  if (isChange && !isDry) {
    requireSame(shown, [...plan.lines, ...settingTexts(guards)]);
    await changeConfig((draft) => {
      // The file as written, which may be newer than what is in force.
      const inFile = writtenConfig(draft);
      const values = planEdit(inFile, edit, known).values;
      const own = edit.kind === "undoGuard" ? guardsOf(deps, edit, known, draft) : guards;
      if (shown !== null)
        requireSame(linesOf(config, edit, known, guards), linesOf(inFile, edit, known, own));
      writeValues(draft, values);
      applyGuard(draft, own);
    });
  }
  return {
    applied: isChange && !isDry,
    changes: plan.lines,
    settings: settingTexts(guards),
    notes: [
      ...plan.notes,
      ...problemsMade(config, writtenConfig(after), "warning"),
      ...matchNotes(deps, config, writtenConfig(after)),
      ...guardNotes(edit, guards, hostConfig),
      ...leftGuarded(hostConfig, after),
      ...(isChange && isDry ? await commentsNote(lookAtFile) : []),
      ...(edit.kind === "init" && isDry ? othersNote(deps, known, await tailnet()) : []),
    ],
    undo: isChange
      ? [...(edit.kind === "init" && settings.length > 0 ? [undoGuardOf(edit)] : []), ...plan.undo]
      : [],
    effects: isChange && isDry ? await effectsOf(deps, after) : null,
    patch: patchOf(plan.values, settings, [
      ...agentIds(after),
      ...agentIds(after).map((agent) => agentKey(after, agent)),
    ]),
  };
}

/** Tests of the config that fail then and do not now: once it is written, their agents would be refused. */
function testsBroken(before: unknown, after: unknown): readonly string[] {
  const failed = (host: unknown) =>
    testedBy(resolveConfig(writtenConfig(host)), host).problems.filter(({ code }) => code === "TEST_FAILED");
  const had = new Set(failed(before).map(({ path }) => path));
  return failed(after).flatMap(({ path, message }) => (had.has(path) ? [] : [`${path}: ${message}`]));
}

/**
 * Secrets stand in the file as references, and are resolved in what is in force: they are left out. So are defaults, which
 * are in what is in force alone.
 */
function linesOf(
  config: unknown,
  edit: ConfigEdit,
  known: EditKnown,
  guards: readonly GuardPlan[],
): readonly string[] {
  const plain = withoutSecretKeys(withoutDefaults(config));
  return [...planEdit(plain, edit, known).lines, ...settingTexts(guards)];
}

/** @param agreed null: nobody was asked. @throws NodeRouterError SETUP_FAILED */
function requireSame(agreed: unknown, lines: readonly string[]): void {
  if (agreed !== null && !sameData(agreed, lines))
    throw editRefused(
      "the config, or what is known of the nodes, has changed since this was shown",
      "Run the command again",
    );
}

async function knownNow(deps: RouterDeps): Promise<EditKnown> {
  const { memory } = deps;
  const config = memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const snapshot = await currentSnapshot(deps, config, 0);
  const sessions = memory.part(SESSION_NODES);
  await sessions.ready();
  return {
    agents: listedAgentIds(deps.hostConfig()),
    nodes: [...new Set([...config.nodes.keys(), ...snapshot.nodes.map(({ name }) => name)])],
    sessionsOn: (node) => sessions.on(node),
  };
}

/** OpenClaw says so in the gateway's log alone, once it is done. */
async function commentsNote(lookAtFile: LookAtConfigFile): Promise<readonly string[]> {
  const text = await readConfigOnDisk(lookAtFile, (_, context) =>
    fieldOf(fieldOf(context, "snapshot"), "raw"),
  ).catch(() => null);
  return typeof text === "string" && hasComments(text)
    ? [
        "openclaw.json has comments: OpenClaw writes it without them, and keeps the file with them as openclaw.json.bak",
      ]
    : [];
}

function othersNote(
  { memory }: RouterDeps,
  { nodes }: EditKnown,
  status: Awaited<ReturnType<typeof wholeTailnet>>,
): readonly string[] {
  const configured = memory.part(PLUGIN_CONFIG).current?.nodes;
  const others = tailnetOthers(
    status,
    nodes.map((name) => configured?.get(name)?.tailscale ?? name),
  );
  if (others.length === 0) return [];
  return [
    `on the tailnet, and no node yet: ${namesList(others)}; "openclaw node-router add <host>" makes one of a machine with SSH`,
  ];
}

async function effectsOf(deps: RouterDeps, hostConfig: unknown): Promise<EditReport["effects"]> {
  const planned = { took: "an edit", hostConfig, pluginConfig: writtenConfig(hostConfig), isOn: true };
  const { valid, changes, more, sessions, guards, tests } = await planMade(deps, planned);
  return { valid, changes, more, sessions, guards, tests: tests.filter(({ passed }) => !passed) };
}
