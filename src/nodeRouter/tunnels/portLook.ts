// What listens on one port of a node: the question as a constant script, and what its answer means. Pure.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text, not templates

/** First word of the lines that are ours, whatever the login's start files print. */
const WORD = "node-router-port";

/** Of one look; a machine has a handful of listeners on one port. */
const MAX_LINES = 40;
const MAX_PROGRAM = 40;

/** Null as a whole: the node could not tell. */
export interface PortLook {
  /** Addresses on which somebody listens, as text: `127.0.0.1`, `::1`, `0.0.0.0`, `*`. */
  readonly addresses: readonly string[];
  /** Programs that hold the port, as far as the login may see them. */
  readonly programs: readonly string[];
  /** The process of sshd that serves this connection, as `endCommand` takes it; null: not told. */
  readonly server: string | null;
}

/** A process, and when it started: the number alone may be another's by then. */
const SERVER = /^\d{1,10} [\w: ]{1,40}$/;

/** When a process started, as text that is another for another process. */
const BORN =
  "born() { if [ -r /proc/$1/stat ]; then read -r h </proc/$1/stat; set -- ${h##*\\) }; echo ${20}; " +
  "else echo $(ps -o lstart= -p $1 2>/dev/null); fi; }";

/**
 * Linux tells by /proc, without any program of its own; the others by netstat and lsof. The lines of /proc hold the
 * port in hexadecimal, and 0A for a socket that listens.
 */
const PROGRAM = [
  "LC_ALL=C; PATH=${PATH:+$PATH:}/usr/sbin:/sbin:/usr/bin:/bin; export LC_ALL PATH",
  `say() { while IFS= read -r x; do printf "${WORD} %s %s\\n" "$1" "$x"; done; }`,
  BORN,
  'printf "\\n"',
  `printf "${WORD} server %s %s\\n" $PPID "$(born $PPID)"`,
  "if [ -r /proc/net/tcp ]; then " +
    // One program and no more: a busy machine takes long to start each, and a node host waits.
    `sed -n "s/^ *[0-9]*: [0-9A-F]*:HEX [0-9A-F]*:0000 0A .*/${WORD} proc &/p" /proc/net/tcp /proc/net/tcp6 2>/dev/null; ` +
    `printf "${WORD} looked proc\\n"; ` +
    'WHO f=$(grep -h ":HEX [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null); ' +
    'WHO echo "$f" | while read -r a b c d e g h i j inode rest; do [ -n "$inode" ] && ' +
    'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e "^/proc" -e "socket:.$inode." | grep -B 1 "socket:" | grep "^/proc"; done | ' +
    "while IFS=/ read -r a b pid rest; do cat /proc/$pid/comm; done 2>/dev/null | head -n 10 | say who; " +
    "elif f=$(netstat -an 2>/dev/null); then " +
    'echo "$f" | grep "[.:]PORT .*LISTEN" | head -n 20 | say netstat; echo netstat | say looked; ' +
    'WHO lsof -nP -iTCP:PORT -sTCP:LISTEN -F c 2>/dev/null | grep "^c" | cut -c 2- | head -n 10 | say who; fi',
].join("; ");

/**
 * The command to look with; for any login shell.
 * @param withPrograms also who holds it, which takes longer.
 */
export function portLookCommand(port: number, withPrograms: boolean): string {
  const program = PROGRAM.replaceAll("HEX", port.toString(16).toUpperCase().padStart(4, "0"))
    .replaceAll("PORT", String(port))
    .replaceAll("WHO", withPrograms ? "" : "true ||");
  return `exec /bin/sh -c '${program}'`;
}

/**
 * Ends the sshd of an earlier connection of ours, if it is still that one: where its end was never told of, it would
 * keep the port. @param server of an earlier look.
 */
export function endCommand(server: string): string {
  const [pid = "", ...start] = server.split(" ");
  // SECURITY: the node said it, and it becomes a part of a command.
  if (!SERVER.test(server)) throw new Error("not a process of an earlier look");
  return `exec /bin/sh -c '${BORN}; [ "$(born ${pid})" = "${start.join(" ")}" ] && kill ${pid}'`;
}

/** @param output of that command, bounded by the caller; what else the login prints may be in it. */
export function parsePortLook(output: string): PortLook | null {
  const lines = output
    .split("\n")
    .filter((line) => line.startsWith(`${WORD} `))
    .slice(0, MAX_LINES)
    .map((line) => line.slice(WORD.length + 1).trim());
  const told = (kind: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length).trim());
  if (told("looked").length === 0) return null;
  const addresses = [...told("proc").map(addressOfProc), ...told("netstat").map(addressOfNetstat)];
  const programs = told("who").map((name) => name.slice(0, MAX_PROGRAM));
  const server = told("server").find((text) => SERVER.test(text)) ?? null;
  return { addresses: [...new Set(addresses)], programs: [...new Set(programs)], server };
}

/** Whether nobody but programs of the node itself can reach what listens there. */
export function isLoopback(address: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(address) || address === "::1";
}

/** `0: 0100007F:4965 00000000:0000 0A …`: words of the machine's own byte order, here little endian (proc(5)). */
function addressOfProc(line: string): string {
  const hex = /^\d+: ([0-9A-Fa-f]+):/.exec(line)?.[1] ?? "";
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return "?";
  const [start, end] = [bytes.slice(0, 12), bytes.slice(12)];
  if (start.every((byte) => byte === 0)) {
    const last = end.reduce((sum, byte) => sum * 256 + byte, 0);
    if (last <= 1) return last === 0 ? "::" : "::1";
  }
  if (start.slice(0, 10).every((byte) => byte === 0) && start[10] === 255 && start[11] === 255) {
    return end.join(".");
  }
  const text = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.match(/.{4}/g)?.join(":") ?? "?";
}

/** `tcp4 0 0 127.0.0.1.18789 *.* LISTEN` of the BSDs and macOS; with `:` elsewhere. */
function addressOfNetstat(line: string): string {
  const local = line.split(/\s+/)[3] ?? "";
  return local.replace(/[.:]\d+$/, "") || "?";
}
