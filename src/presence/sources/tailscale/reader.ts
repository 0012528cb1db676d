// Reads the tailnet's status from whichever Tailscale is on this machine, in pieces, so that nothing waits for it.

import { isDeepStrictEqual } from "node:util";
import { isAbsent } from "../../../shared/errorCode.ts";
import { messageOf } from "../../../shared/errors.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { type DerpMap, readDerpMap } from "../../location/derpRegions.ts";
import { BUS_MASK, type BusEvent, readNotify } from "./bus.ts";
import { parseJson } from "./json.ts";
import { askLocalApi, type LocalApi } from "./localApi.ts";
import type { TailnetPeer } from "./peer.ts";
import { createSplitter } from "./splitter.ts";
import { readWantedPeer, statusOf, type TailnetStatus, type WantPeer } from "./status.ts";
import { findLocalApis, type TailnetMachine, thisMachine } from "./tailnetMachine.ts";
import { runTailscale } from "./tailscaleCli.ts";

/** `absent`: no Tailscale was found here. `failed`: there is one, and it did not answer, or answered nonsense. */
export type TailnetRead =
  | { readonly kind: "status"; readonly status: TailnetStatus }
  | { readonly kind: "absent" | "failed"; readonly reason: string };

export interface TailnetReader {
  /**
   * The status now. Never rejects.
   * @param wants which peers are read in full.
   */
  status(wants: WantPeer, timeoutMs: number, signal?: AbortSignal): Promise<TailnetRead>;
  /** The relay regions; null when they cannot be had. Never rejects. */
  derpMap(timeoutMs: number, signal?: AbortSignal): Promise<DerpMap | null>;
  /**
   * Listens for changes until the signal fires; `onOpen` after the first answer.
   * @throws Error when there is no LocalAPI, and when the bus ends, which it does not by itself.
   */
  watch(
    wants: WantPeer,
    onEvent: (event: BusEvent) => void,
    onOpen: () => void,
    signal: AbortSignal,
  ): Promise<never>;
}

/** A tailnet of thousands of peers is a few megabytes. */
export const MAX_BYTES = 32 * 1024 * 1024;
const STATUS_PATH = "/localapi/v0/status";

/**
 * Looks for Tailscale at every use, the one that answered last first: it may be installed or moved while we run.
 * @param maxBytes of one answer.
 */
export function createTailnetReader(
  machine: TailnetMachine = thisMachine(),
  maxBytes = MAX_BYTES,
): TailnetReader {
  /** The one that answered last: looking for one costs a process on macOS. */
  let known: LocalApi | null = null;

  async function* localApis(signal: AbortSignal): AsyncGenerator<LocalApi> {
    const first = known;
    if (first !== null) yield first;
    for await (const api of findLocalApis(machine, signal)) if (!isDeepStrictEqual(api, first)) yield api;
  }

  /** The first LocalAPI that answers; what the others said is thrown when none does, null if none was there. */
  const ask = async (path: string, signal: AbortSignal) => {
    let failure: unknown = null;
    for await (const api of localApis(signal)) {
      try {
        const answer = await askLocalApi(api, path, signal);
        known = api;
        return { answer, failure };
      } catch (error) {
        if (signal.aborted) throw error;
        known = null;
        if (!isAbsent(error)) failure = error;
      }
    }
    return { answer: null, failure };
  };

  const readStatus = async (pieces: AsyncIterable<unknown>, wants: WantPeer): Promise<TailnetStatus> => {
    const peers: TailnetPeer[] = [];
    let status: TailnetStatus | null = null;
    const splitter = createSplitter({
      entries: ["Peer"],
      onEntry: (text) => keep(peers, readWantedPeer(parseJson(text), wants)),
      onDocument: (text) => {
        const value = parseJson(text);
        status = isRecord(value) ? statusOf(value, peers) : null;
      },
      maxBytes,
    });
    for await (const piece of pieces) if (Buffer.isBuffer(piece)) splitter.push(piece);
    splitter.end();
    if (status === null) throw new Error("the answer is empty");
    return status;
  };

  const statusFrom = async (wants: WantPeer, signal: AbortSignal): Promise<TailnetRead> => {
    let { answer, failure } = await ask(STATUS_PATH, signal);
    if (answer !== null) {
      try {
        return { kind: "status", status: await readStatus(answer, wants) };
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    for (const file of machine.commands) {
      try {
        const output = runTailscale(file, ["status", "--json"], signal);
        return { kind: "status", status: await readStatus(output, wants) };
      } catch (error) {
        if (signal.aborted) throw error;
        if (!isAbsent(error)) failure = error;
      }
    }
    if (failure !== null) return { kind: "failed", reason: textOfFailure(failure) };
    return { kind: "absent", reason: absentText(machine.platform) };
  };

  return {
    async status(wants, timeoutMs, signal) {
      const late = AbortSignal.timeout(timeoutMs);
      try {
        return await statusFrom(wants, either(late, signal));
      } catch (error) {
        const reason = late.aborted ? `no answer within ${timeoutMs} ms` : textOfFailure(error);
        return { kind: "failed", reason };
      }
    },

    async derpMap(timeoutMs, signal) {
      try {
        const { answer } = await ask("/localapi/v0/derpmap", either(AbortSignal.timeout(timeoutMs), signal));
        return answer === null ? null : readDerpMap(parseJson(await textOfAnswer(answer, maxBytes)));
      } catch {
        return null;
      }
    },

    async watch(wants, onEvent, onOpen, signal) {
      const { answer, failure } = await ask(`/localapi/v0/watch-ipn-bus?mask=${BUS_MASK}`, signal);
      if (answer === null) throw failure ?? new Error("there is no LocalAPI here to listen to");
      // Whoever listens ends it; it must not keep a process alive.
      answer.socket.unref();
      onOpen();
      let peers: TailnetPeer[] = [];
      const splitter = createSplitter({
        entries: ["InitialStatus", "Peer"],
        omit: ["NetMap", "Prefs", "Engine"],
        onEntry: (text) => keep(peers, readWantedPeer(parseJson(text), wants)),
        onDocument: (text) => {
          const events = readNotify(parseJson(text), peers);
          peers = [];
          for (const event of events) onEvent(event);
        },
        maxBytes,
      });
      for await (const piece of answer) if (Buffer.isBuffer(piece)) splitter.push(piece);
      throw new Error("Tailscale ended the bus");
    },
  };
}

async function textOfAnswer(answer: AsyncIterable<unknown>, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function keep(peers: TailnetPeer[], peer: TailnetPeer | null): void {
  if (peer !== null) peers.push(peer);
}

function either(a: AbortSignal, b: AbortSignal | undefined): AbortSignal {
  return b === undefined ? a : AbortSignal.any([a, b]);
}

/** Parsers quote what they could not read, which would put peers' names into a log. */
function textOfFailure(error: unknown): string {
  return error instanceof SyntaxError ? "the answer is not in a form that can be read" : messageOf(error);
}

function absentText(platform: NodeJS.Platform): string {
  return platform === "win32"
    ? 'on Windows only the command "tailscale" can be asked, and it was not found'
    : "Tailscale is not installed";
}
