// What ssh_config says about one host: the user's file, then the system's, the first value of each keyword wins.
import { dirname } from "node:path";
import { messageOf } from "../../../../../errors.ts";
import { quote } from "../../../../../safeText.ts";
import { type ConnectEnv, readText } from "../env.ts";
import { type ConfigSection, parseConfigText, type Statement } from "./configText.ts";
import { expandTokens } from "./expand.ts";
import { matchesHostList } from "./hostPattern.ts";
import { includedFiles } from "./include.ts";
import { invalid } from "./invalid.ts";
import { evaluateMatch } from "./matchBlock.ts";

/** As OpenSSH's own limit; a file that includes itself ends here. */
const MAX_DEPTH = 16;

/** Keywords that decide where a connection goes or whom it believes: never passed over. */
const DECIDING: readonly string[] = [
  "hostname",
  "user",
  "port",
  "proxyjump",
  "proxycommand",
  "hostkeyalias",
  "userknownhostsfile",
  "globalknownhostsfile",
  "revokedhostkeys",
  "canonicalizehostname",
  "include",
];
/** The others that are used at all. */
const READ: readonly string[] = [...DECIDING, "identityfile", "identityagent", "identitiesonly"];

export interface HostQuery {
  /** As written: the name that `Host` patterns see. */
  readonly host: string;
  /** Settled by the config or by a ProxyJump; null = ssh_config decides. */
  readonly user: string | null;
  /** Keywords that are settled elsewhere; what the files say about them does not count. */
  readonly settled: readonly string[];
}

export interface HostOptions {
  /** First statement of each keyword but IdentityFile; `proxy` is ProxyJump or ProxyCommand, whichever is first. */
  readonly first: ReadonlyMap<string, Statement>;
  readonly identityFiles: readonly Statement[];
  /** What was passed over, and why. */
  readonly notes: readonly string[];
}

/** @throws NodeRouterError SSH_SETTINGS_INVALID */
export async function readHostOptions(query: HostQuery, env: ConnectEnv): Promise<HostOptions> {
  return new Reader(query, env).read();
}

class Reader {
  readonly #query: HostQuery;
  readonly #env: ConnectEnv;
  readonly #first = new Map<string, Statement>();
  readonly #identityFiles: Statement[] = [];
  readonly #notes = new Set<string>();
  #isFinalPass = false;
  #wantsFinalPass = false;
  /** What `Host` patterns see. */
  #host: string;

  constructor(query: HostQuery, env: ConnectEnv) {
    this.#query = query;
    this.#env = env;
    this.#host = query.host;
  }

  async read(): Promise<HostOptions> {
    await this.#readAll();
    if (this.#wantsFinalPass) {
      this.#isFinalPass = true;
      this.#host = this.#hostName();
      await this.#readAll();
    }
    return { first: this.#first, identityFiles: this.#identityFiles, notes: [...this.#notes] };
  }

  async #readAll(): Promise<void> {
    const userFile = `${this.#env.home}/.ssh/config`;
    for (const file of [userFile, this.#env.systemConfig]) await this.#readFile(file, dirname(file), 0);
  }

  async #readFile(file: string, base: string, depth: number): Promise<void> {
    let text: string | null;
    try {
      text = await readText(this.#env, file);
    } catch (cause) {
      throw invalid(
        `${quote(file)} cannot be read: ${messageOf(cause)}; let the gateway's user read it`,
        cause,
      );
    }
    if (text === null) return;
    for (const section of parseConfigText(text, file)) {
      if (!this.#holds(section)) continue;
      for (const statement of section.statements) {
        if (statement.keyword === "include") await this.#include(statement, base, depth);
        else this.#take(statement);
      }
    }
  }

  async #include({ args, at }: Statement, base: string, depth: number): Promise<void> {
    if (depth >= MAX_DEPTH) {
      throw invalid(
        `${at}: Include is nested deeper than ${MAX_DEPTH} files; see whether a file includes itself`,
      );
    }
    for (const pattern of args) {
      for (const file of await includedFiles(pattern, base, this.#env, at)) {
        await this.#readFile(file, base, depth + 1);
      }
    }
  }

  #holds({ header, statements }: ConfigSection): boolean {
    if (header === null) return true;
    if (header.keyword === "host") return matchesHostList(this.#host, header.args);
    const answer = evaluateMatch(
      header.args,
      {
        host: this.#hostName(),
        originalHost: this.#query.host,
        user: this.#query.user ?? this.#first.get("user")?.args[0] ?? this.#env.user,
        localUser: this.#env.user,
        isFinalPass: this.#isFinalPass,
      },
      header.at,
    );
    this.#wantsFinalPass ||= answer.wantsFinalPass;
    if (answer.holds !== "unknown") return answer.holds === "yes";
    const deciding = statements.find(({ keyword }) => DECIDING.includes(keyword) && this.#isOpen(keyword));
    if (deciding !== undefined) {
      throw invalid(
        `${header.at}: "Match ${answer.unknown}" decides about ${deciding.keyword} of ${quote(this.#query.host)}, and node-router does not evaluate it; write the lines in a Host block`,
      );
    }
    if (statements.some(({ keyword }) => READ.includes(keyword))) {
      this.#notes.add(`${header.at}: passed over, node-router does not evaluate "Match ${answer.unknown}"`);
    }
    return false;
  }

  #take(statement: Statement): void {
    const { keyword } = statement;
    if (!READ.includes(keyword) || !this.#isOpen(keyword)) return;
    if (keyword === "identityfile") {
      if (this.#identityFiles.every(({ args }) => args[0] !== statement.args[0])) {
        this.#identityFiles.push(statement);
      }
    } else {
      this.#first.set(slotOf(keyword), statement);
    }
  }

  /** Whether a statement of this keyword would still count. */
  #isOpen(keyword: string): boolean {
    return !this.#query.settled.includes(keyword) && !this.#first.has(slotOf(keyword));
  }

  /** HostName with its tokens, or the name as written. */
  #hostName(): string {
    const statement = this.#first.get("hostname");
    if (statement === undefined) return this.#query.host;
    return expandTokens(statement.args[0] ?? "", { h: this.#query.host }, statement.at);
  }
}

/** ProxyJump and ProxyCommand exclude each other: whichever comes first. */
function slotOf(keyword: string): string {
  return keyword === "proxyjump" || keyword === "proxycommand" ? "proxy" : keyword;
}
