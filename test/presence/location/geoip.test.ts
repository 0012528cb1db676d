// Look-ups in a file that comes, changes and goes; with real files, and with a file system whose faults are chosen.
import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Geoip, openGeoip } from "../../../src/presence/location/geoip.ts";
import { CHECK_MS, HOLD_MS, type MmdbFs, type MmdbStat } from "../../../src/presence/location/mmdbFile.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { SLOW } from "../../support/wait.ts";

const ADDRESS = "81.2.69.142";
const KEY = "plugins.entries.node-router.config.presence.geoipFile";

function cityFile(country: string, databaseType = "DBIP-City-Lite"): Buffer {
  return writeMmdb({ networks: { "81.2.69.0/24": { country: { iso_code: country } } }, databaseType });
}

/** Timers that only the test runs. */
function manualTimers() {
  const timers = new Map<number, () => void>();
  let count = 0;
  return {
    after(ms: number, run: () => void) {
      expect(ms).toBe(HOLD_MS);
      const id = count++;
      timers.set(id, run);
      return () => void timers.delete(id);
    },
    runAll: () => {
      for (const run of timers.values()) run();
      timers.clear();
    },
    size: () => timers.size,
  };
}

/** One file whose content, stamp and faults the test sets; a read ends at once, or when the test lets it. */
function fakeFs(content: Buffer) {
  const state = {
    content,
    mtimeMs: 1,
    ino: 1,
    fault: null as Error | null,
    readFault: null as Error | null,
    size: null as number | null,
  };
  const calls = { stats: 0, reads: 0 };
  let gate: Promise<void> = Promise.resolve();
  const fs: MmdbFs = {
    async stat(): Promise<MmdbStat> {
      calls.stats += 1;
      if (state.fault !== null) throw state.fault;
      return {
        mtimeMs: state.mtimeMs,
        size: state.size ?? state.content.length,
        ino: state.ino,
        isFile: () => true,
      };
    },
    async readFile() {
      calls.reads += 1;
      const { content: bytes, readFault } = state;
      const mine = gate;
      await mine;
      if (readFault !== null) throw readFault;
      return bytes;
    },
  };
  /** Holds the reads that begin until `goOn`, and returns what ends them. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  const goOn = () => {
    gate = Promise.resolve();
  };
  return { fs, state, calls, hold, goOn };
}

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: something about /x`), { code });
}

function fakeGeoip(content: Buffer) {
  const disk = fakeFs(content);
  const timers = manualTimers();
  const clock = { now: 0 };
  const geoip = openGeoip({
    file: "/x.mmdb",
    credit: null,
    fs: disk.fs,
    now: () => clock.now,
    after: timers.after,
  });
  return { ...disk, geoip, timers, clock };
}

/** All of it at once, as `--expose-gc` does. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

async function countryOf(geoip: Geoip, address = ADDRESS): Promise<string | null> {
  return (await geoip.lookup(address)).place?.country ?? null;
}

describe("a real file", () => {
  let folder = "";
  let file = "";
  const clock = { now: 0 };
  const open = (): Geoip =>
    openGeoip({ file, credit: null, fs: { stat, readFile }, now: () => clock.now, after: () => () => {} });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "nr-geoip-"));
    file = join(folder, "city.mmdb");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("answers with a place, its credit, and null for an address that it does not have", async () => {
    await writeFile(file, cityFile("GB"));
    const geoip = open();
    expect(geoip.status()).toEqual({
      file,
      reason: null,
      databaseType: null,
      builtAtMs: null,
      attribution: null,
    });
    expect(await geoip.lookup(ADDRESS)).toMatchObject({
      place: { country: "GB", source: "geoip" },
      reason: null,
    });
    expect(await geoip.lookup("9.9.9.9")).toEqual({
      place: null,
      reason: "the GeoIP file has no place for 9.9.9.9",
    });
    expect(geoip.status()).toMatchObject({
      reason: null,
      databaseType: "DBIP-City-Lite",
      builtAtMs: 1_790_000_000_000,
      attribution: "IP Geolocation by DB-IP (https://db-ip.com)",
    });
  });

  test("that is replaced is read anew after a minute, and not before", async () => {
    await writeFile(file, cityFile("GB"));
    const geoip = open();
    expect(await countryOf(geoip)).toBe("GB");
    // As OpenClaw does it: written aside, then renamed over.
    await writeFile(`${file}.new`, cityFile("SG", "GeoLite2-City"));
    await rename(`${file}.new`, file);
    clock.now += CHECK_MS - 1;
    expect(await countryOf(geoip)).toBe("GB");
    clock.now += 1;
    expect(await countryOf(geoip)).toBe("SG");
    expect(geoip.status().attribution).toMatch(/MaxMind/);
  });

  test("that is written over with as many bytes is seen by its time, also when that goes back", async () => {
    await writeFile(file, cityFile("GB"));
    await utimes(file, 2_000, 2_000);
    const geoip = open();
    expect(await countryOf(geoip)).toBe("GB");
    await writeFile(file, cityFile("SG"));
    await utimes(file, 1_000, 1_000);
    clock.now += CHECK_MS;
    expect(await countryOf(geoip)).toBe("SG");
  });

  test("that is replaced is noticed by those who only ask what is known, too", async () => {
    await writeFile(file, cityFile("GB"));
    const geoip = open();
    expect(geoip.known(ADDRESS)).toBe(null);
    await geoip.lookup(ADDRESS);
    await writeFile(file, cityFile("SG", "GeoLite2-City"));
    clock.now += CHECK_MS;
    expect(geoip.known(ADDRESS)?.place?.country).toBe("GB");
    await vi.waitFor(() => expect(geoip.known(ADDRESS)).toBe(null), SLOW);
    expect(await countryOf(geoip)).toBe("SG");
  });

  test("that is missing is a reason, and is found once it is there", async () => {
    const geoip = open();
    const answer = await geoip.lookup(ADDRESS);
    expect(answer.place).toBe(null);
    expect(answer.reason).toBe(
      `the GeoIP file "${file}" does not exist; set ${KEY} to an MMDB file that this process can read, or to false to do without`,
    );
    expect(geoip.status()).toMatchObject({ reason: answer.reason, attribution: null });
    await writeFile(file, cityFile("GB"));
    clock.now += CHECK_MS;
    expect(await countryOf(geoip)).toBe("GB");
    expect(geoip.status().reason).toBe(null);
  });

  test("that goes away takes its places and its credit along", async () => {
    await writeFile(file, cityFile("GB"));
    const geoip = open();
    await geoip.lookup(ADDRESS);
    await rm(file);
    clock.now += CHECK_MS;
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/does not exist/);
    expect(geoip.known(ADDRESS)).toBe(null);
    expect(geoip.status().attribution).toBe(null);
  });

  test("that is a folder is a reason", async () => {
    const geoip = openGeoip({
      file: folder,
      credit: null,
      fs: { stat, readFile },
      now: () => 0,
      after: () => () => {},
    });
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/is no regular file/);
  });

  test("whose path has odd characters is quoted harmlessly", async () => {
    file = join(folder, "a\u001b[31m\u202e.mmdb");
    expect((await open().lookup(ADDRESS)).reason).toContain("\\u001b[31m\\u202e.mmdb");
  });

  test("with a NUL in its path is a reason too", async () => {
    file = "/a\0b";
    expect((await open().lookup(ADDRESS)).reason).toMatch(/cannot be used/);
  });
});

describe("corrupt", () => {
  test("is a reason, and it is not read again before it changes", async () => {
    const { geoip, state, calls, clock } = fakeGeoip(Buffer.from("<html>"));
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/cannot be used: it is no MMDB file/);
    clock.now += CHECK_MS;
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/no MMDB file/);
    expect(calls).toEqual({ stats: 2, reads: 1 });
    state.content = cityFile("GB");
    state.mtimeMs += 1;
    clock.now += CHECK_MS;
    expect(await countryOf(geoip)).toBe("GB");
  });

  test("in one record is a reason for that address alone", async () => {
    const bytes = writeMmdb({
      networks: { "9.0.0.0/8": "to be damaged", "81.2.69.0/24": { country: { iso_code: "GB" } } },
    });
    bytes.set([0x38, 0xff, 0xff, 0xff, 0xff], bytes.indexOf("to be damaged") - 1);
    const { geoip } = fakeGeoip(bytes);
    expect((await geoip.lookup("9.9.9.9")).reason).toMatch(/is damaged where 9\.9\.9\.9 would be/);
    expect(await countryOf(geoip)).toBe("GB");
    expect(geoip.status().reason).toBe(null);
  });

  test("every cut of a good file is a reason or the truth, and never an exception", async () => {
    const whole = cityFile("GB");
    for (let length = 0; length <= whole.length; length += 1) {
      const { geoip } = fakeGeoip(whole.subarray(0, length));
      const { place, reason } = await geoip.lookup(ADDRESS);
      expect(place === null).toBe(reason !== null);
      if (length < whole.length - 40) expect(place).toBe(null);
    }
  });
});

describe("faults of the disk", () => {
  test.each([
    ["EACCES", /may not be read by this process/],
    ["ENOTDIR", /does not exist/],
    ["EIO", /cannot be used: EIO/],
  ])("%s while looking is a reason", async (code, fact) => {
    const { geoip, state } = fakeGeoip(cityFile("GB"));
    state.fault = fault(code);
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(fact);
  });

  test("one that passes is forgotten at the next look, although the file did not change", async () => {
    const { geoip, state, clock } = fakeGeoip(cityFile("GB"));
    state.readFault = fault("EMFILE");
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/EMFILE/);
    state.readFault = null;
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/EMFILE/);
    clock.now += CHECK_MS;
    expect(await countryOf(geoip)).toBe("GB");
  });

  test("a file that is too large is not read", async () => {
    const { geoip, state, calls } = fakeGeoip(cityFile("GB"));
    state.size = 512 * 1024 * 1024 + 1;
    expect((await geoip.lookup(ADDRESS)).reason).toMatch(/536870913 bytes, which is too many/);
    expect(calls.reads).toBe(0);
  });
});

describe("how often the disk is asked", () => {
  test("many look-ups at once share one look and one reading", async () => {
    const { geoip, calls } = fakeGeoip(cityFile("GB"));
    const addresses = Array.from({ length: 200 }, (_, i) => `81.2.69.${i}`);
    const answers = await Promise.all(addresses.map((address) => geoip.lookup(address)));
    expect(answers.every(({ place }) => place?.country === "GB")).toBe(true);
    expect(calls).toEqual({ stats: 1, reads: 1 });
  });

  test("the same address again is answered from memory, when the file is long let go", async () => {
    const { geoip, calls, timers } = fakeGeoip(cityFile("GB"));
    const first = await geoip.lookup(ADDRESS);
    timers.runAll();
    expect(await geoip.lookup(ADDRESS)).toBe(first);
    expect(geoip.known(ADDRESS)).toBe(first);
    expect(calls.reads).toBe(1);
    expect(await countryOf(geoip, "81.2.69.1")).toBe("GB");
    expect(calls.reads).toBe(2);
  });

  test("a look-up holds the file a little longer: there is one timer, not one for each", async () => {
    const { geoip, timers } = fakeGeoip(cityFile("GB"));
    for (let i = 0; i < 20; i += 1) await geoip.lookup(`81.2.69.${i}`);
    expect(timers.size()).toBe(1);
    geoip.close();
    expect(timers.size()).toBe(0);
  });

  test("a file that is let go is really gone from memory, and what it said of itself is still known", async () => {
    const timers = manualTimers();
    let bytes: WeakRef<Buffer> | null = null;
    const fs: MmdbFs = {
      stat: async () => ({ mtimeMs: 1, size: 1, ino: 1, isFile: () => true }),
      async readFile() {
        const content = cityFile("GB");
        bytes = new WeakRef(content);
        return content;
      },
    };
    const geoip = openGeoip({ file: "/x", credit: null, fs, now: () => 0, after: timers.after });
    const isGone = async () => {
      await new Promise(setImmediate);
      collectGarbage();
      return bytes?.deref() === undefined;
    };
    await geoip.lookup(ADDRESS);
    expect(await isGone()).toBe(false);
    timers.runAll();
    expect(await isGone()).toBe(true);
    expect(geoip.status().databaseType).toBe("DBIP-City-Lite");
    expect(geoip.known(ADDRESS)?.place?.country).toBe("GB");
  });

  test("memory is bounded: the oldest answers are forgotten", async () => {
    const { geoip } = fakeGeoip(cityFile("GB"));
    await geoip.lookup(ADDRESS);
    for (let i = 0; i < 4_096; i += 1) await geoip.lookup(`9.9.${i >> 8}.${i & 255}`);
    expect(geoip.known(ADDRESS)).toBe(null);
    expect(geoip.known("9.9.0.0")).not.toBe(null);
  });

  test("after the clock was set back the file is looked at, not left alone for as long", async () => {
    const { geoip, state, clock } = fakeGeoip(cityFile("GB"));
    clock.now = 1e9;
    await geoip.lookup(ADDRESS);
    state.content = cityFile("SG");
    state.mtimeMs += 1;
    clock.now = 0;
    expect(await countryOf(geoip)).toBe("SG");
  });
});

describe("a change while it is read", () => {
  test("a slow reading of the old content that ends last is not kept as the new one", async () => {
    const { geoip, state, clock, hold, goOn } = fakeGeoip(cityFile("GB"));
    const letGo = hold();
    const slow = countryOf(geoip);
    // Its look and the begin of its reading.
    await new Promise(setImmediate);
    goOn();
    state.content = cityFile("SG");
    state.mtimeMs += 1;
    clock.now += CHECK_MS;
    expect(await countryOf(geoip, "81.2.69.1")).toBe("SG");
    letGo();
    expect(await slow).toBe("GB");
    expect(geoip.known(ADDRESS)).toBe(null);
    expect(await countryOf(geoip, "81.2.69.2")).toBe("SG");
  });

  test("another file under the name is another content, with the same size and time", async () => {
    const { geoip, state, clock } = fakeGeoip(cityFile("GB"));
    await geoip.lookup(ADDRESS);
    state.content = cityFile("SG");
    state.ino += 1;
    clock.now += CHECK_MS;
    expect(await countryOf(geoip)).toBe("SG");
  });
});

describe("which addresses", () => {
  test.each(["100.64.0.1", "10.0.0.1", "fd7a:115c:a1e0::1", "203.0.113.7", "nonsense\u001b"])(
    "%j is not looked up, and the file is not even opened",
    async (address) => {
      const { geoip, calls } = fakeGeoip(cityFile("GB"));
      const answer = await geoip.lookup(address);
      expect(answer.place).toBe(null);
      expect(answer.reason).toMatch(/is no public address$/);
      expect(answer.reason).not.toContain("\u001b");
      expect(calls).toEqual({ stats: 0, reads: 0 });
    },
  );

  test("an IPv4 address in the clothes of IPv6 is the same one", async () => {
    const { geoip } = fakeGeoip(cityFile("GB"));
    expect(await geoip.lookup(`::ffff:${ADDRESS}`)).toBe(await geoip.lookup(ADDRESS));
  });
});

describe("credit", () => {
  const withType = (type: string, credit: string | null) => {
    const { fs } = fakeFs(cityFile("GB", type));
    return openGeoip({ file: "/x", credit, fs, now: () => 0, after: () => () => {} });
  };

  test("a file that does not name its maker is credited as the operator wrote", async () => {
    const geoip = withType("Example-City", "IP data by Example");
    await geoip.lookup(ADDRESS);
    expect(geoip.status().attribution).toBe("IP data by Example");
  });

  test("a file that names its maker is credited to that one", async () => {
    const geoip = withType("GeoLite2-City", "IP data by Example");
    await geoip.lookup(ADDRESS);
    expect(geoip.status().attribution).toMatch(/MaxMind/);
  });
});

test("switched off, nothing is opened and the reason names the key", async () => {
  const { fs, calls } = fakeFs(cityFile("GB"));
  const geoip = openGeoip({ file: null, credit: "x", fs, now: () => 0, after: () => () => {} });
  expect(await geoip.lookup(ADDRESS)).toEqual({ place: null, reason: `${KEY} is false` });
  expect(geoip.status()).toMatchObject({ file: null, reason: `${KEY} is false`, attribution: null });
  expect(calls).toEqual({ stats: 0, reads: 0 });
});
