// Reads what can be read of one entry of `nodes`.
import * as Value from "@sinclair/typebox/value";
import type { TransportChoice } from "../../nodeRouter/placement/model/snapshot.ts";
import { isRecord, readNumber, readText } from "../../shared/isRecord.ts";
import { formatPath } from "../problems/path.ts";
import { DEFAULT_LOGIN_SHELL, DEFAULT_TRANSPORT } from "../schema/defaults.ts";
import {
  MAX_DIRECTORIES,
  MAX_ENV,
  MAX_NAME_LENGTH,
  MAX_PATH_LENGTH,
  MAX_TAG_LENGTH,
  MAX_TAGS,
} from "../schema/limits.ts";
import { NodeSchema } from "../schema/schema.ts";
import { type SecretInput, SecretSchema } from "../schema/ssh.ts";
import { type LocationDraft, readLocation } from "./placeDraft.ts";

/** A node's entry as far as it is readable; a value of the wrong type reads as if it were absent. */
export interface NodeDraft {
  readonly name: string;
  readonly path: string;
  /** Whether the entry has the schema's shape. */
  readonly wellFormed: boolean;
  /** Null when `false`. */
  readonly node: string | null;
  /** Null when `false`. */
  readonly tailscale: string | null;
  readonly tags: readonly { readonly text: string; readonly path: string }[];
  readonly location: LocationDraft | null;
  readonly workspace: string | null;
  readonly paths: readonly string[];
  readonly pathPrepend: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly loginShell: boolean;
  readonly ssh: SshDraft | null;
  readonly transport: TransportChoice;
}

/** Each null when absent. */
export interface SshDraft {
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly identityFile: string | null;
  readonly identityData: SecretInput | null;
  readonly passphrase: SecretInput | null;
  readonly knownHostsFile: string | null;
  readonly hostKey: string | null;
}

/** Reads any value; never throws. */
export function readNode(name: string, value: unknown): NodeDraft {
  const entry = isRecord(value) ? value : {};
  const path = formatPath(["nodes", name]);
  const wellFormed = Value.Check(NodeSchema, value);
  const tags: readonly unknown[] = Array.isArray(entry.tags) ? entry.tags.slice(0, MAX_TAGS) : [];
  const { transport } = entry;
  return {
    name,
    path,
    wellFormed,
    node: readTarget(entry.node, name),
    tailscale: readTarget(entry.tailscale, name),
    tags: tags.flatMap((tag, index) => {
      const text = readText(tag, MAX_TAG_LENGTH);
      return text === null ? [] : [{ text, path: `${path}.tags[${index}]` }];
    }),
    location: readLocation(entry.location),
    workspace: readText(entry.workspace, MAX_PATH_LENGTH),
    paths: readDirectories(entry.paths),
    pathPrepend: readDirectories(entry.pathPrepend),
    env: readEnv(entry.env),
    loginShell: typeof entry.loginShell === "boolean" ? entry.loginShell : DEFAULT_LOGIN_SHELL,
    ssh: isRecord(entry.ssh) ? readSsh(entry.ssh) : null,
    transport: transport === "node" || transport === "ssh" ? transport : DEFAULT_TRANSPORT,
  };
}

function readDirectories(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_DIRECTORIES) : [];
  return items.flatMap((item) => readText(item, MAX_PATH_LENGTH) ?? []);
}

function readEnv(value: unknown): ReadonlyMap<string, string> {
  const entries = isRecord(value) ? Object.entries(value).slice(0, MAX_ENV) : [];
  return new Map(
    entries.flatMap(([name, text]) => (typeof text === "string" ? [[name, text] as const] : [])),
  );
}

function readTarget(value: unknown, name: string): string | null {
  return value === false ? null : (readText(value, MAX_NAME_LENGTH) ?? name);
}

function readSsh(entry: Readonly<Record<string, unknown>>): SshDraft {
  const port = readNumber(entry.port, 1, 65_535);
  return {
    host: readText(entry.host, MAX_NAME_LENGTH),
    port: Number.isInteger(port) ? port : null,
    user: readText(entry.user, MAX_NAME_LENGTH),
    identityFile: readText(entry.identityFile, MAX_PATH_LENGTH),
    identityData: readSecret(entry.identityData),
    passphrase: readSecret(entry.passphrase),
    knownHostsFile: readText(entry.knownHostsFile, MAX_PATH_LENGTH),
    hostKey: readText(entry.hostKey, MAX_NAME_LENGTH),
  };
}

function readSecret(value: unknown): SecretInput | null {
  return Value.Check(SecretSchema, value) ? value : null;
}
