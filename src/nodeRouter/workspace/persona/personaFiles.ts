// What the host reads and writes of an agent's persona files, done on the agent's node.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../../shared/errorCode.ts";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { quote } from "../../../shared/safeText.ts";
import { ONBOARDING_FILE, PERSONA_FILES, type PersonaBridge } from "../../host/workspaceAccessApi.ts";
import { CURRENT_TURN, type CurrentTurn } from "../../state/currentTurn.ts";
import type { CollectCommand } from "../../transports/transport.ts";
import type { FileBridge, FileBridgeOptions } from "../files/fileBridge.ts";
import { tooManyNames } from "../files/fileFailures.ts";
import { createPathResolver } from "../files/paths.ts";
import { type ReadOutcome, readMany } from "../files/readMany.ts";
import { type Owner, type OwnerDeps, ownerOf } from "./owner.ts";
import { createTurnReads, type TurnReads } from "./turnReads.ts";

/** Largest file that the host takes into a prompt or hands out. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;

/** For one trip that only reads, whatever the node does; the caller hears of it within some seconds more. */
const READ_MS = 15_000;

/** Of one folder. */
const MAX_NAMES = 2_000;

export interface PersonaOptions {
  readonly deps: OwnerDeps;
  readonly log: Logger;
  /** Scripts on the owner's node. */
  readonly runOn: (owner: Owner) => CollectCommand;
  readonly createFileBridge: (options: FileBridgeOptions) => FileBridge;
  /** What keeps the records of changes. */
  readonly audited: (owner: Owner) => Pick<FileBridgeOptions, "beforeChange" | "onChange">;
  /** ms, for one trip that reads. */
  readonly readMs?: number;
}

/** One registration's view of the persona files, by folder; it keeps nothing that its successor would miss. */
export function createPersonaFiles(options: PersonaOptions): (folder: string) => PersonaBridge {
  const { deps, log, runOn, createFileBridge, audited, readMs = READ_MS } = options;
  const turns = new WeakMap<CurrentTurn, Map<string, TurnReads>>();
  const bridges = new WeakMap<object, Map<string, FileBridge>>();
  const told = new Set<string>();

  const optionsOf = (folder: string, owner: Owner) => ({
    node: owner.place.node.name,
    root: owner.place.root,
    workspaceDir: folder,
    paths: owner.place.node.paths,
    run: runOn(owner),
  });

  const newBridge = (folder: string, owner: Owner): FileBridge =>
    createFileBridge({
      ...optionsOf(folder, owner),
      now: deps.now,
      // These are not the steps of a tool's call, whatever they were begun in.
      currentCall: () => null,
      ...audited(owner),
    });

  /** Outside of turns the same one for the same agent, node and folder: a write must find what was read. */
  const bridgeOf = (folder: string, owner: Owner): FileBridge => {
    if (owner.sessionKey !== "") return newBridge(folder, owner);
    const { node, via } = owner.place;
    const known = bridges.get(node) ?? new Map<string, FileBridge>();
    bridges.set(node, known);
    const key = `${owner.agent}\0${via.over}\0${folder}`;
    const bridge = known.get(key) ?? newBridge(folder, owner);
    known.set(key, bridge);
    return bridge;
  };

  const read = async (
    folder: string,
    files: readonly string[],
    maxBytes: number,
    turn: CurrentTurn | undefined,
  ): Promise<readonly ReadOutcome[]> => {
    const owner = await ownerOf(deps, folder, turn);
    const place = optionsOf(folder, owner);
    const paths = createPathResolver(place);
    const outcomes = await readMany({ ...place, paths }, files, maxBytes, AbortSignal.timeout(readMs));
    if (files.length > 1 && outcomes.every(isMissing)) tellLeftBehind(folder, owner);
    return outcomes;
  };

  /** Once each: whoever bound an agent to a node may wonder where its persona is. */
  const tellLeftBehind = (folder: string, { agent, place: { node, root } }: Owner): void => {
    const names = PERSONA_FILES.filter((name) => existsSync(join(folder, name)));
    const key = `${folder}\0${node.name}`;
    if (names.length === 0 || told.has(key)) return;
    told.add(key);
    log.warn(
      { agent, node: node.name, files: names.join(", ") },
      `the node's workspace has no persona files, and those in ${quote(folder)} on the gateway are not read: copy them to ${quote(root)} on the node`,
    );
  };

  const turnReads = (folder: string, turn: CurrentTurn): TurnReads => {
    const folders = turns.get(turn) ?? new Map<string, TurnReads>();
    turns.set(turn, folders);
    const known =
      folders.get(folder) ?? createTurnReads((files, most) => read(folder, files, most, turn), deps.now);
    folders.set(folder, known);
    return known;
  };

  return (folder) => {
    const turnNow = (): CurrentTurn | undefined => deps.memory.part(CURRENT_TURN).getStore();
    const looking = async <T>(
      step: (bridge: FileBridge, signal: AbortSignal, owner: Owner) => Promise<T>,
    ): Promise<T> => {
      const turn = turnNow();
      const ask = async (): Promise<T> => {
        const owner = await ownerOf(deps, folder, turn);
        return await step(bridgeOf(folder, owner), AbortSignal.timeout(readMs), owner);
      };
      return turn === undefined ? await ask() : await turnReads(folder, turn).count(ask);
    };
    return {
      async readFileWithSource({ filePath, maxBytes = MAX_FILE_BYTES }) {
        const turn = turnNow();
        const most = Math.min(maxBytes, MAX_FILE_BYTES);
        if (turn !== undefined) {
          return await turnReads(folder, turn)
            .read(filePath, most)
            .catch((error: unknown) => {
              throw filePath === ONBOARDING_FILE ? notThere(error) : error;
            });
        }
        const [outcome] = await read(folder, [filePath], most, undefined);
        if (outcome?.ok === true) return outcome.source;
        throw outcome?.error ?? new Error(`no answer about ${filePath}`);
      },
      readFile: ({ filePath, maxBytes = MAX_FILE_BYTES }) =>
        looking((bridge, signal) =>
          bridge.readFile({ filePath, maxBytes: Math.min(maxBytes, MAX_FILE_BYTES), signal }),
        ),
      stat: ({ filePath }) => looking((bridge, signal) => bridge.stat({ filePath, signal })),
      readDirectory: ({ filePath }) =>
        looking(async (bridge, signal, { place: { node, root } }) => {
          const entries = await bridge.readDirectory({ filePath, signal });
          if (entries.length <= MAX_NAMES) return entries.filter(({ name }) => isPlain(name));
          throw tooManyNames({ operation: "list", node: node.name, path: filePath, root }, MAX_NAMES);
        }),
      async writeFile({ filePath, data, mkdir }) {
        const bridge = bridgeOf(folder, await ownerOf(deps, folder, turnNow()));
        await bridge.writeFile({ filePath, data, mkdir });
      },
    };
  };
}

/** What nobody can read is nothing to be followed; the words that it cannot be read would be. */
function notThere(error: unknown): unknown {
  if (errorCode(error) === "ENOENT") return error;
  return Object.assign(new Error(messageOf(error)), { code: "ENOENT" });
}

function isMissing(outcome: ReadOutcome): boolean {
  return !outcome.ok && errorCode(outcome.error) === "ENOENT";
}

/** The host puts paths into prompts as they are. */
function isPlain(name: string): boolean {
  return name.length <= 255 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name);
}
