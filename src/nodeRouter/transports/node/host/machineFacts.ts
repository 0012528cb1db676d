// What a node says of itself when it is asked whether it is there. Cheap: it starts no process and reads no file.
import { arch, availableParallelism, freemem, hostname, loadavg, platform, totalmem } from "node:os";
import { type HelloAnswer, WIRE_PROTOCOL } from "../wire.ts";
import { baseEnv } from "./loginEnv.ts";

/** No fact of a machine is longer. */
const MAX_TEXT = 1_024;

/** @param version of the plugin here. */
export function machineFacts(boot: string, version: string): HelloAnswer {
  const { HOME = "", USER = "", SHELL = "" } = baseEnv();
  const [load1] = loadavg();
  return {
    kind: "hello",
    boot,
    protocol: WIRE_PROTOCOL,
    version,
    platform: platform(),
    arch: arch(),
    hostname: hostname().slice(0, MAX_TEXT),
    home: HOME.slice(0, MAX_TEXT),
    user: USER.slice(0, MAX_TEXT),
    shell: SHELL.slice(0, MAX_TEXT),
    cores: availableParallelism(),
    // Windows has none, and Node says 0.
    load1: platform() === "win32" ? null : (load1 ?? null),
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "",
    nowMs: Date.now(),
  };
}
