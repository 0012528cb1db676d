// Writes a command as the bytes that a waiting runner reads and becomes. Pure.
import { shellQuote } from "../../../../shared/shell.ts";
import type { CommandRequest } from "../../transport.ts";

/**
 * So many characters a shell reads by itself, which it does one by one; for more, a program that reads them at once
 * is the cheaper one.
 */
const LINE = 2_048;
/** What every shell reads as it is: of other bytes some shells make signs of their own. */
const PLAIN = /^[ -~]*$/;

/**
 * The request as a runner reads it: `<marker> <bytes>`, line end, shell text. Of 0 bytes: shell text of one line, and
 * its end. The text sets the environment,
 * enters the directory, says the marker on stdout and `<marker> start` on stderr, and is the command from then
 * on; `<marker> cwd <reason>` on stderr instead means that nothing ran. In the text the marker is in two halves that
 * only the shell joins, and in the first line a number follows it: no echo of this has a line that says it began.
 * @param marker random, so that no output can be taken for it.
 */
export function encodeRequest(request: CommandRequest, marker: string): Buffer {
  const { script, args = [], env = {}, cwd = null, makeCwd = false, pathPrepend = [], pty = null } = request;
  const lines = ["unset h n c k b l s t o p g"];
  for (const [name, value] of Object.entries(env)) lines.push(`export ${name}=${shellQuote(value)}`);
  if (pathPrepend.length > 0) {
    lines.push(`PATH=${shellQuote(pathPrepend.join(":"))}"\${PATH:+:$PATH}"; export PATH`);
  }
  const half = marker.length >> 1;
  const said = `${marker.slice(0, half)}""${marker.slice(half)}`;
  // Start files go where they like.
  lines.push(cwd === null ? "cd 2>/dev/null || :" : enter(shellQuote(cwd), makeCwd, said));
  // A terminal has one stream; there the marker comes once.
  lines.push(pty === null ? `echo ${said}; echo ${said} start >&2` : `echo ${said} start`);
  lines.push(`set -- ${args.map(shellQuote).join(" ")}`);
  // Parsed only now: a syntax error in it is the command's own.
  lines.push(`eval ${shellQuote(script)}`);
  const line = lines.join("; ");
  if (pty === null && line.length <= LINE && PLAIN.test(line)) return Buffer.from(`${marker} 0\n${line}\n`);
  const body = Buffer.from(lines.join("\n"), "utf8");
  return Buffer.concat([Buffer.from(`${marker} ${body.length}\n`), body]);
}

function enter(directory: string, make: boolean, said: string): string {
  const make_ = make ? `mkdir -p -- ${directory} 2>/dev/null; ` : "";
  return (
    `${make_}cd -- ${directory} 2>/dev/null || { if [ -d ${directory} ]; then r=denied; ` +
    `elif [ -e ${directory} ] || [ -L ${directory} ]; then r=not-a-directory; else r=missing; fi; ` +
    `echo ${said} cwd $r >&2; exit 126; }`
  );
}
