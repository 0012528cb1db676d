// The scripts, run by the real shells of this machine, and on played systems whose programs are stand-ins.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { arch, availableParallelism, hostname, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseStats } from "../../../../src/presence/sources/ssh/parse.ts";
import { ADDRESS_SCRIPT, STATS_SCRIPT } from "../../../../src/presence/sources/ssh/script.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "node-router-stats-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What /bin/sh is on one system or another, as far as this machine has it. */
const SHELLS = ["/bin/sh", "dash", "bash --posix", "busybox ash", "zsh --emulate sh", "mksh", "ksh93"].filter(
  (shell) => spawnSync("/bin/sh", ["-c", `${shell} -c "exit 0"`]).status === 0,
);

function run(
  shell: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  script = STATS_SCRIPT,
) {
  const [program = "", ...options] = shell.split(" ");
  const { stdout, status } = spawnSync(program, [...options, "-c", script, "sh", ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder, SHELL: "/bin/sh", ...env },
  });
  return { stdout, status, facts: parseStats(stdout) };
}

describe.each(SHELLS)("where /bin/sh is %s", (shell) => {
  test("this machine says what Node says of it", () => {
    const { facts, status } = run(shell, [join(folder, "not", "yet", "there")]);
    expect(status).toBe(0);
    expect(facts).toMatchObject({
      os: { linux: "linux", darwin: "macos", freebsd: "freebsd" }[String(process.platform)],
      arch: arch(),
      hostname: hostname(),
      shell: "/bin/sh",
      uptimeSeconds: expect.any(Number),
      diskTotalBytes: expect.any(Number),
    });
    expect(facts?.cpuCount).toBeLessThanOrEqual(availableParallelism());
    expect(facts?.cpuCount).toBeGreaterThan(0);
    expect(facts?.memoryTotalBytes).toBeLessThanOrEqual(totalmem());
    expect(facts?.memoryAvailableBytes).toBeGreaterThan(0);
    const { bsize, blocks } = statfsSync(folder);
    // Systems differ in what they keep for themselves.
    expect((facts?.diskTotalBytes ?? 0) / (bsize * blocks)).toBeCloseTo(1, 1);
  });

  test.each(["/", "/no such 'place'/$(x)/y", "relative/path", "", "-k"])(
    "the folder %j has a disk",
    (workspace) => {
      expect(run(shell, [workspace]).facts).toMatchObject({ diskTotalBytes: expect.any(Number) });
    },
  );

  test("says nothing of what it has no program for", () => {
    const bin = mkdtempSync(join(folder, "bin-"));
    const [name = ""] = shell.split(" ");
    symlinkSync(pathOf(name), join(bin, "sh"));
    symlinkSync(pathOf("printf"), join(bin, "printf"));
    symlinkSync(pathOf("uname"), join(bin, "uname"));
    const [, ...options] = shell.split(" ");
    const script = STATS_SCRIPT.replace(":/usr/sbin:/sbin", "");
    const { facts } = run([pathOf(name), ...options].join(" "), [], { PATH: bin }, script);
    expect(facts).toMatchObject({ os: expect.any(String) });
    expect(facts).not.toHaveProperty("diskTotalBytes");
  });
});

describe("played systems", () => {
  /** A folder of programs that print what is given, and nothing else but the few tools that the script reads with. */
  function programs(printed: Readonly<Record<string, string>>): string {
    const bin = mkdtempSync(join(folder, "bin-"));
    for (const [name, body] of Object.entries(printed)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    for (const tool of ["sed", "grep", "printf", "cat"]) symlinkSync(pathOf(tool), join(bin, tool));
    return bin;
  }
  /** No /proc, no cgroups and no /etc of the machine that the test runs on. */
  const elsewhere = STATS_SCRIPT.replace(":/usr/sbin:/sbin", "").replaceAll(
    /\/(proc|sys|etc)\//g,
    "/nowhere/$1/",
  );
  const uname = (system: string, machine: string, release: string) =>
    `case $1 in -s) echo ${system};; -m) echo ${machine};; -r) echo ${release};; -n) echo played;; esac`;

  test("a Mac", () => {
    const bin = programs({
      uname: uname("Darwin", "arm64", "23.5.0"),
      date: "echo 1720000100",
      sw_vers: "echo 14.5",
      getconf: "echo 10",
      sysctl:
        'case $2 in vm.loadavg) echo "{ 1.95 2.10 2.20 }";; hw.memsize) echo 17179869184;; ' +
        'kern.boottime) echo "{ sec = 1720000000, usec = 5 } Wed Jul  3 17:46:40 2024";; *) exit 1;; esac',
      vm_stat: `cat <<'END'
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               65536.
Pages active:                            300000.
Pages inactive:                          131072.
Pages speculative:                        65536.
Pages throttled:                              0.
Pages wired down:                        100000.
Pages purgeable:                           1000.
"Translation faults":                 999999999.
Pages copy-on-write:                   12345678.
END`,
      readlink: "echo /var/db/timezone/zoneinfo/Asia/Shanghai",
      df: "echo 'Filesystem 1024-blocks Used Available Capacity  Mounted on'; echo '/dev/disk3s5 971350180 400000000 536870912 43% /System/Volumes/Data'",
    });
    expect(run("/bin/sh", ["/"], { PATH: bin }, elsewhere).facts).toEqual({
      os: "macos",
      osVersion: "14.5",
      arch: "arm64",
      hostname: "played",
      shell: "/bin/sh",
      cpuCount: 10,
      load1: 1.95,
      uptimeSeconds: 100,
      memoryTotalBytes: 16 * 1024 ** 3,
      memoryAvailableBytes: 4 * 1024 ** 3,
      diskTotalBytes: 971350180 * 1024,
      diskAvailableBytes: 536870912 * 1024,
      timeZone: "Asia/Shanghai",
    });
  });

  test("a FreeBSD machine", () => {
    const bin = programs({
      uname: uname("FreeBSD", "amd64", "14.1-RELEASE"),
      getconf: "echo 4",
      sysctl:
        'case $2 in vm.loadavg) echo "{ 0.20 0.25 0.23 }";; hw.physmem) echo 8589934592;; ' +
        "vm.stats.vm.v_page_size) echo 4096;; vm.stats.vm.v_free_count) echo 262144;; " +
        "vm.stats.vm.v_inactive_count) echo 524288;; *) exit 1;; esac",
    });
    expect(run("/bin/sh", ["/"], { PATH: bin }, elsewhere).facts).toEqual({
      os: "freebsd",
      osVersion: "14.1-RELEASE",
      arch: "x64",
      hostname: "played",
      shell: "/bin/sh",
      cpuCount: 4,
      load1: 0.2,
      memoryTotalBytes: 8 * 1024 ** 3,
      memoryAvailableBytes: 3 * 1024 ** 3,
    });
  });

  test("an OpenBSD machine", () => {
    const bin = programs({
      uname: uname("OpenBSD", "arm64", "7.5"),
      sysctl:
        "case $2 in vm.loadavg) echo 0.05 0.10 0.08;; hw.physmem) echo 1073741824;; hw.ncpu) echo 2;; *) exit 1;; esac",
      vmstat: `cat <<'END'
     4096 bytes per page
   250297 pages managed
    65536 pages free
     8337 pages active
        0 pages inactive
       12 pages being paged out
END`,
    });
    expect(run("/bin/sh", ["/"], { PATH: bin }, elsewhere).facts).toMatchObject({
      os: "openbsd",
      cpuCount: 2,
      load1: 0.05,
      memoryTotalBytes: 1024 ** 3,
      memoryAvailableBytes: 256 * 1024 ** 2,
    });
  });

  test("groups that limit, each within the next", () => {
    const root = mkdtempSync(join(folder, "cgroup-"));
    const group = (path: string, files: Readonly<Record<string, string>>) => {
      mkdirSync(join(root, "fs/cgroup", path), { recursive: true });
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(root, "fs/cgroup", path, name), text);
    };
    group("", { "cgroup.controllers": "cpu memory\n" });
    group("user.slice", { "cpu.max": "150000 100000\n", "memory.max": "max\n", "memory.current": "5\n" });
    group("user.slice/user-1.slice", {
      "cpu.max": "max 100000\n",
      "memory.max": "1073741824\n",
      "memory.current": "805306368\n",
      "memory.stat": "anon 1\ninactive_file 268435456\nactive_file 2\n",
    });
    mkdirSync(join(root, "self"));
    writeFileSync(join(root, "self/cgroup"), "0::/user.slice/user-1.slice\n");
    writeFileSync(join(root, "meminfo"), "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\n");
    writeFileSync(join(root, "loadavg"), "1.00 1.00 1.00 1/1 1\n");
    const script = STATS_SCRIPT.replaceAll("/proc/", `${root}/`).replaceAll("/sys/", `${root}/`);
    const bin = programs({ uname: uname("Linux", "x86_64", "6.1"), nproc: "echo 4" });
    expect(run("/bin/sh", ["/"], { PATH: bin }, script).facts).toMatchObject({
      cpuCount: 1.5,
      memoryTotalBytes: 1024 ** 3,
      memoryAvailableBytes: 512 * 1024 ** 2,
    });
  });

  test("the address is asked with what there is, and of nobody else than the URL", () => {
    const url = "https://ip.example/";
    const curl = programs({ curl: 'echo "$*" >&2; echo 8.8.8.8', dd: `exec ${pathOf("dd")} "$@"` });
    expect(run("/bin/sh", [url], { PATH: curl }, ADDRESS_SCRIPT).stdout).toBe("8.8.8.8\n");
    const wget = programs({ wget: 'for last; do :; done; echo "$last"', dd: `exec ${pathOf("dd")} "$@"` });
    expect(run("/bin/sh", [url], { PATH: wget }, ADDRESS_SCRIPT).stdout).toBe(`${url}\n`);
    const neither = programs({ dd: `exec ${pathOf("dd")} "$@"` });
    expect(run("/bin/sh", [url], { PATH: neither }, ADDRESS_SCRIPT).stdout).toBe("");
  });
});

function pathOf(program: string): string {
  if (program.startsWith("/")) return program;
  const { stdout } = spawnSync(
    "/bin/sh",
    ["-c", 'IFS=:; for d in $PATH; do [ -x "$d/$1" ] && echo "$d/$1" && break; done', "sh", program],
    {
      encoding: "utf8",
    },
  );
  return stdout.trim();
}
