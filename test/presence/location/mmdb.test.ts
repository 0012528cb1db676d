// Real MMDB bytes, read by the real reader, and the bytes that are none.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readMmdb } from "../../../src/presence/location/mmdb.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const V6 = "2a02:cf40::/32";
const networks = { "81.2.69.0/24": { who: "four" }, "1.2.3.4/32": { who: "one" }, [V6]: { who: "six" } };

test.each([24, 28, 32] as const)("finds networks of both kinds with records of %i bits", (recordSize) => {
  const mmdb = readMmdb(writeMmdb({ networks, recordSize, databaseType: "DBIP-City-Lite" }));
  expect(mmdb.databaseType).toBe("DBIP-City-Lite");
  expect(mmdb.builtAtMs).toBe(1_790_000_000_000);
  expect(mmdb.get("81.2.69.142")).toEqual({ who: "four" });
  expect(mmdb.get("1.2.3.4")).toEqual({ who: "one" });
  expect(mmdb.get("2a02:cf40:1::1")).toEqual({ who: "six" });
  expect(mmdb.get("81.2.70.1")).toBe(null);
  expect(mmdb.get("1.2.3.5")).toBe(null);
  expect(mmdb.get("2a02:cf41::1")).toBe(null);
});

test("an IPv4 file knows nothing of IPv6, although the first bits of an address may look like one that it has", () => {
  // 2001:4860:… begins with the same 32 bits as 32.1.72.96.
  const mmdb = readMmdb(writeMmdb({ networks: { "32.1.72.96/32": { who: "four" } }, ipVersion: 4 }));
  expect(mmdb.get("32.1.72.96")).toEqual({ who: "four" });
  expect(mmdb.get("2001:4860::8888")).toBe(null);
});

test("large records and all kinds of values come back as they were", () => {
  const value = {
    text: "é".repeat(400),
    list: [1, -2.5, true, "x"],
    map: { a: {} },
    zero: 0,
    big: 2 ** 32 - 1,
  };
  expect(readMmdb(writeMmdb({ networks: { "9.0.0.0/8": value } })).get("9.9.9.9")).toEqual(value);
});

test.each([
  ["empty", Buffer.alloc(0), /no MMDB file/],
  ["a web page", Buffer.from("<html>429 Too Many Requests</html>"), /no MMDB file/],
  ["cut off", writeMmdb({ networks }).subarray(0, 300), /no MMDB file/],
  ["still compressed", gzipSync(writeMmdb({ networks })), /gzip/],
  [
    "with metadata that is no map",
    Buffer.concat([marker(), Buffer.from([0x41, 0x61])]),
    /metadata is damaged/,
  ],
  ["with nothing after the marker", marker(), /metadata is damaged/],
  ["with records of 25 bits", writeMmdb({ networks, metadata: { record_size: 25 } }), /metadata is damaged/],
  ["of an unknown IP version", writeMmdb({ networks, metadata: { ip_version: 5 } }), /metadata is damaged/],
  ["without a kind", writeMmdb({ networks, metadata: { database_type: 7 } }), /metadata is damaged/],
  [
    "with a tree larger than the file",
    writeMmdb({ networks, metadata: { node_count: 1e6 } }),
    /metadata is damaged/,
  ],
])("a file that is %s is refused with the fact, not read as an empty one", (_, bytes, fact) => {
  expect(() => readMmdb(bytes)).toThrow(fact);
});

test("damage in a record is an error of that look-up, not a place and not an absence", () => {
  const bytes = writeMmdb({ networks: { "9.0.0.0/8": "to be damaged", "8.0.0.0/8": "whole" } });
  const at = bytes.indexOf("to be damaged") - 1;
  // A pointer far behind the end.
  bytes.set([0x38, 0xff, 0xff, 0xff, 0xff], at);
  const mmdb = readMmdb(bytes);
  expect(() => mmdb.get("9.1.1.1")).toThrow();
  expect(mmdb.get("8.1.1.1")).toBe("whole");
});

function marker(): Buffer {
  return Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
}
