// What a node printed, made into facts: real-shaped answers of every system, and hostile ones.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress, parseStats } from "../../../../src/presence/sources/ssh/parse.ts";

const HEAD = "node-router-stats 1";
const answer = (...lines: string[]) => `${[HEAD, ...lines].join("\n")}\n`;
const GIB = 1024 ** 3;

describe("the answer of", () => {
  test("a Linux machine", () => {
    const stdout = answer(
      "os Linux",
      "machine x86_64",
      "release 6.1.0-18-amd64",
      "host build-1",
      "shell /bin/bash",
      "now 1795387659",
      'name "Debian GNU/Linux 12 (bookworm)"',
      "cpus 8",
      "load 0.42",
      "uptime 25401.61",
      "mem_total_kib 16777216",
      "mem_available_kib 12582912",
      "tz_link /usr/share/zoneinfo/Asia/Singapore",
      "tz_file Etc/UTC",
      "df /dev/nvme0n1p2         104857600 31457280  73400320      30% /",
    );
    expect(parseStats(stdout)).toEqual({
      os: "linux",
      osVersion: "Debian GNU/Linux 12 (bookworm)",
      arch: "x64",
      hostname: "build-1",
      shell: "/bin/bash",
      cpuCount: 8,
      load1: 0.42,
      uptimeSeconds: 25401.61,
      memoryTotalBytes: 16 * GIB,
      memoryAvailableBytes: 12 * GIB,
      diskTotalBytes: 100 * GIB,
      diskAvailableBytes: 70 * GIB,
      timeZone: "Asia/Singapore",
    });
  });

  test("a Mac", () => {
    const stdout = answer(
      "os Darwin",
      "machine arm64",
      "release 23.5.0",
      "host Claws-Mac-mini.local",
      "shell /bin/zsh",
      "now 1720000100",
      "name 14.5",
      "cpus 10",
      "load { 1.95 2.10 2.20 }",
      "boot { sec = 1720000000, usec = 123456 } Wed Jul  3 17:46:40 2024",
      "mem_total_bytes 17179869184",
      "page_bytes 16384",
      "pages_free 65536",
      "pages_inactive 131072",
      "pages_speculative 65536",
      "tz_link /var/db/timezone/zoneinfo/Asia/Shanghai",
      "df /dev/disk3s5    971350180 400000000 536870912    43%    /System/Volumes/Data",
    );
    expect(parseStats(stdout)).toEqual({
      os: "macos",
      osVersion: "14.5",
      arch: "arm64",
      hostname: "Claws-Mac-mini.local",
      shell: "/bin/zsh",
      cpuCount: 10,
      load1: 1.95,
      uptimeSeconds: 100,
      memoryTotalBytes: 16 * GIB,
      memoryAvailableBytes: 4 * GIB,
      diskTotalBytes: 971350180 * 1024,
      diskAvailableBytes: 512 * GIB,
      timeZone: "Asia/Shanghai",
    });
  });

  test("a FreeBSD machine, whose full disk is full and not unknown", () => {
    const stdout = answer(
      "os FreeBSD",
      "machine amd64",
      "release 14.1-RELEASE-p3",
      "host fbsd",
      "shell /bin/sh",
      "now 1720003600",
      "cpus 4",
      "load { 0.20 0.25 0.23 }",
      "boot { sec = 1720000000, usec = 0 } Wed Jul  3 17:46:40 2024",
      "mem_total_bytes 8589934592",
      "page_bytes 4096",
      "pages_free 262144",
      "pages_inactive 524288",
      "df /dev/ada0p2     20307196 20000000 -1317379   107%    /",
    );
    expect(parseStats(stdout)).toEqual({
      os: "freebsd",
      osVersion: "14.1-RELEASE-p3",
      arch: "x64",
      hostname: "fbsd",
      shell: "/bin/sh",
      cpuCount: 4,
      load1: 0.2,
      uptimeSeconds: 3_600,
      memoryTotalBytes: 8 * GIB,
      memoryAvailableBytes: 3 * GIB,
      diskTotalBytes: 20307196 * 1024,
      diskAvailableBytes: 0,
    });
  });

  test("an OpenBSD machine", () => {
    const stdout = answer(
      "os OpenBSD",
      "machine arm64",
      "now 1720000060",
      "load 0.05",
      "boot 1720000000",
      "mem_total_bytes 1073741824",
      "page_bytes 4096",
      "pages_free 65536",
      "pages_inactive 0",
    );
    expect(parseStats(stdout)).toMatchObject({
      os: "openbsd",
      load1: 0.05,
      uptimeSeconds: 60,
      memoryAvailableBytes: GIB / 4,
    });
  });

  test("busybox in a small container", () => {
    const stdout = answer(
      "os Linux",
      "machine aarch64",
      "host 3f2a",
      "shell /bin/ash",
      'name "Alpine Linux v3.20"',
      "cpus 16",
      "load 9.10",
      "mem_total_kib 33554432",
      "mem_available_kib 20971520",
      "cpu_limit  150000/100000",
      `mem_limit  ${2 * GIB}/${1.5 * GIB}/${0.5 * GIB}`,
      "df overlay                 103079868  52428800  50651068  51% /",
    );
    const facts = parseStats(stdout);
    expect(facts).toMatchObject({
      osVersion: "Alpine Linux v3.20",
      arch: "arm64",
      cpuCount: 1.5,
      memoryTotalBytes: 2 * GIB,
      memoryAvailableBytes: GIB,
    });
    // Sixteen processors' load says nothing of one and a half.
    expect(facts).not.toHaveProperty("load1");
  });
});

describe("limits of groups", () => {
  const machine = ["cpus 4", "load 1.0", "mem_total_kib 8388608", "mem_available_kib 4194304"];

  test("that do not limit leave the machine's own numbers", () => {
    const limits = [
      "cpu_limit  max/100000 -1/100000 800000/100000",
      "mem_limit  max/1/1 9223372036854771712/5/5",
    ];
    expect(parseStats(answer(...machine, ...limits))).toEqual(parseStats(answer(...machine)));
  });

  test("count by the least of them", () => {
    const limits = [
      "cpu_limit  max/100000 100000/100000 200000/100000",
      `mem_limit  ${4 * GIB}/${GIB}/0 ${2 * GIB}/${GIB}/0 max//`,
    ];
    expect(parseStats(answer(...machine, ...limits))).toEqual({
      cpuCount: 1,
      memoryTotalBytes: 2 * GIB,
      memoryAvailableBytes: GIB,
    });
  });

  test("whose use is not known leave only the limit", () => {
    expect(parseStats(answer(...machine, `mem_limit  ${GIB}//`))).toEqual({
      cpuCount: 4,
      load1: 1,
      memoryTotalBytes: GIB,
    });
  });

  test("do not make more free than the machine has", () => {
    const limits = `mem_limit  ${6 * GIB}/0/0`;
    expect(parseStats(answer(...machine, limits))).toMatchObject({
      memoryTotalBytes: 6 * GIB,
      memoryAvailableBytes: 4 * GIB,
    });
  });
});

describe("what is odd is absent, and nothing else with it", () => {
  const sound = ["os Linux", "cpus 4"];
  const expected = { os: "linux", cpuCount: 4 };

  test.each([
    ["a negative number", "load -1"],
    ["no number", "load NaN"],
    ["an exponent", "load 1e3"],
    ["a hexadecimal number", "mem_total_kib 0x10"],
    ["a comma", "load 1,5"],
    ["an absurd load", "load 99999999"],
    ["an absurd memory", "mem_total_kib 9999999999999999"],
    ["no memory at all", "mem_total_kib 0"],
    ["an absurd time", "uptime 99999999999"],
    ["an empty value", "host "],
    ["too long a name", `host ${"x".repeat(300)}`],
    ["a control character", "host a\u001b[2Jb"],
    ["text that runs backwards", "host a\u202eb"],
    ["a shell that is no path", "shell bash"],
    ["an unknown zone", "tz_link /usr/share/zoneinfo/Mars/Olympus"],
    ["an offset for a zone", "tz_env +08:00"],
    ["a POSIX zone", "tz_env <+08>-8"],
    ["a zone in odd letters", "tz_env asia/singapore"],
    ["a system that is a sentence", "os2 Linux and more"],
    ["a start that lies ahead", "boot { sec = 99999999999, usec = 0 }"],
    ["a disk without numbers", "df /dev/sda1 - - - - /"],
    ["a disk line of df's error", "df df: /x: No such file or directory"],
    ["a key that nobody knows", "surprise 1"],
    ["a line without a value", "cpus"],
    ["prototypes", "__proto__ 1"],
  ])("%s", (_case, line) => {
    expect(parseStats(answer(...sound, line))).toEqual(expected);
    expect(parseStats(answer(line, ...sound))).toEqual(expected);
  });

  test("a key that comes twice, whichever is right", () => {
    expect(parseStats(answer(...sound, "load 1.0", "load 2.0"))).toEqual(expected);
    expect(parseStats(answer(...sound, "load 1.0", "load 1.0", "load 1.0"))).toEqual(expected);
  });

  test("more free than there is", () => {
    expect(parseStats(answer(...sound, "mem_total_kib 10", "mem_available_kib 11"))).toEqual({
      ...expected,
      memoryTotalBytes: 10_240,
    });
    expect(parseStats(answer(...sound, "df /dev/sda1 10 5 11 50% /"))).toEqual({
      ...expected,
      diskTotalBytes: 10_240,
    });
  });

  test("a number that was cut off, which is another number", () => {
    expect(parseStats(answer(...sound).concat("load 1"))).toEqual(expected);
  });

  test("the first zone that is one counts", () => {
    const zones = ["tz_link /etc/somewhere", "tz_file Asia/Tokyo", "tz_env :Europe/Berlin"];
    expect(parseStats(answer(...sound, ...zones))).toEqual({ ...expected, timeZone: "Asia/Tokyo" });
    expect(parseStats(answer(...sound, "tz_env :Europe/Berlin"))).toEqual({
      ...expected,
      timeZone: "Europe/Berlin",
    });
  });

  test("a disk whose name and place hold blanks", () => {
    const line = "df //guest@nas/My 100 Share 2048 1024 1024 50% /Volumes/My 100 Share";
    expect(parseStats(answer(...sound, line))).toEqual({
      ...expected,
      diskTotalBytes: 2048 * 1024,
      diskAvailableBytes: 1024 * 1024,
    });
  });
});

test.each([
  ["CYGWIN_NT-10.0-22631", "windows"],
  ["MINGW64_NT-10.0", "windows"],
  ["DragonFly", "dragonfly"],
  ["SunOS", "sunos"],
])("the system %s is %s", (said, os) => {
  expect(parseStats(answer(`os ${said}`))).toEqual({ os });
});

test.each([
  ["armv7l", "arm"],
  ["i686", "ia32"],
  ["ppc64le", "ppc64"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["loongarch64", "loong64"],
])("the machine %s is %s", (said, arch) => {
  expect(parseStats(answer(`machine ${said}`))).toEqual({ arch });
});

describe("no answer", () => {
  test.each([
    ["nothing", ""],
    ["an error", "sh: syntax error\n"],
    ["another version", "node-router-stats 2\nos Linux\n"],
    ["half a version line", "node-router-stats 1"],
  ])("is %s", (_case, stdout) => {
    expect(parseStats(stdout)).toBeNull();
  });

  test("is not what stands before the answer", () => {
    expect(parseStats(`Welcome!\nos Windows\n${answer("os Linux")}`)).toEqual({ os: "linux" });
  });
});

const anyLine = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .tuple(
      fc.constantFrom(
        "os",
        "cpus",
        "load",
        "mem_total_kib",
        "mem_available_kib",
        "df",
        "uptime",
        "cpu_limit",
        "mem_limit",
      ),
      fc.oneof(fc.integer().map(String), fc.double().map(String), fc.string({ maxLength: 30 })),
    )
    .map((words) => words.join(" ")),
);

test("nothing that a node can print makes a number that is none, or that is below nothing", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 12 }), (lines) => {
      const facts = parseStats(answer(...lines)) ?? {};
      for (const value of Object.values(facts)) {
        if (typeof value === "number") expect(Number.isFinite(value) && value >= 0).toBe(true);
        else expect(value).toEqual(expect.any(String));
      }
      const { memoryTotalBytes, memoryAvailableBytes = 0, diskTotalBytes, diskAvailableBytes = 0 } = facts;
      if (memoryTotalBytes !== undefined) expect(memoryAvailableBytes).toBeLessThanOrEqual(memoryTotalBytes);
      if (diskTotalBytes !== undefined) expect(diskAvailableBytes).toBeLessThanOrEqual(diskTotalBytes);
    }),
    { numRuns: 300 },
  );
});

test("the order of the lines changes nothing, and a further line changes no other fact", () => {
  const lines = ["os Linux", "cpus 4", "load 0.5", "mem_total_kib 4096", "host a", "tz_file Asia/Tokyo"];
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), fc.nat(5), (shuffled, at) => {
      expect(parseStats(answer(...shuffled))).toEqual(parseStats(answer(...lines)));
      const doubled = parseStats(answer(...shuffled, shuffled[at] ?? ""));
      const without = parseStats(answer(...shuffled.filter((line) => line !== shuffled[at])));
      expect(doubled).toEqual(without);
    }),
  );
});

describe("the public address is", () => {
  test.each([
    ["203.0.114.7\n", "203.0.114.7"],
    ["203.0.114.7", "203.0.114.7"],
    ["2A01:4F8::1\r\n", "2a01:4f8::1"],
  ])("what %j says", (stdout, address) => {
    expect(parseAddress(stdout)).toBe(address);
  });

  test.each([
    "",
    "\n",
    "192.168.1.7",
    "100.64.0.3",
    "127.0.0.1",
    "8.8.8.8 8.8.4.4",
    "8.8.8.8\n8.8.4.4\n",
    "<html>",
    "8.8.8",
  ])("not known of %j", (stdout) => {
    expect(parseAddress(stdout)).toBeNull();
  });
});
