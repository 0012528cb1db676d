// Writes MMDB files for tests, by the MaxMind DB file format specification 2.0 (https://maxmind.github.io/MaxMind-DB/).
import { SocketAddress } from "node:net";

/** A value of the data section; whole numbers from 0 on become `uint32`, other ones `double`, bigints `uint64`. */
export type MmdbValue =
  | string
  | number
  | bigint
  | boolean
  | readonly MmdbValue[]
  | { readonly [key: string]: MmdbValue }
  | ReadonlyMap<string, MmdbValue>;

export interface MmdbSpec {
  /** `81.2.69.0/24` or `2a02::/16` to a record; they must not overlap. */
  readonly networks: Readonly<Record<string, MmdbValue>>;
  readonly databaseType?: string;
  /** 6 holds IPv4 networks too, in `::/96`. */
  readonly ipVersion?: 4 | 6;
  readonly recordSize?: 24 | 28 | 32;
  /** Put over the usual metadata. */
  readonly metadata?: Readonly<Record<string, MmdbValue>>;
}

/** One node of the search tree: where a 0 and a 1 lead. */
interface TreeNode {
  readonly children: [Branch, Branch];
}
type Branch = TreeNode | { readonly offset: number } | null;

const SEPARATOR = Buffer.alloc(16);
const MARKER = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");

export function writeMmdb(spec: MmdbSpec): Buffer {
  const { ipVersion = 6, recordSize = 24, databaseType = "Test-City" } = spec;
  const root: TreeNode = { children: [null, null] };
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, record] of Object.entries(spec.networks)) {
    insert(root, bitsOf(network, ipVersion), { offset: size });
    const bytes = encode(record);
    data.push(bytes);
    size += bytes.length;
  }
  const nodes = numbered(root);
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000n,
    database_type: databaseType,
    description: { en: "made by a test" },
    ip_version: ipVersion,
    languages: ["en"],
    node_count: nodes.size,
    record_size: recordSize,
    ...spec.metadata,
  });
  return Buffer.concat([tree(nodes, recordSize), SEPARATOR, ...data, MARKER, metadata]);
}

function insert(root: TreeNode, bits: readonly (0 | 1)[], leaf: { readonly offset: number }): void {
  let node = root;
  for (const [depth, bit] of bits.entries()) {
    const branch = node.children[bit];
    if (branch !== null && "offset" in branch) throw new Error("networks overlap");
    if (depth === bits.length - 1) {
      if (branch !== null) throw new Error("networks overlap");
      node.children[bit] = leaf;
      return;
    }
    const next: TreeNode = branch ?? { children: [null, null] };
    node.children[bit] = next;
    node = next;
  }
}

/** Nodes by number, the root first. */
function numbered(root: TreeNode): Map<TreeNode, number> {
  const numbers = new Map<TreeNode, number>([[root, 0]]);
  // A Map's iterator also comes by what is added on the way.
  for (const node of numbers.keys()) {
    for (const branch of node.children) {
      if (branch !== null && "children" in branch) numbers.set(branch, numbers.size);
    }
  }
  return numbers;
}

function tree(nodes: ReadonlyMap<TreeNode, number>, recordSize: 24 | 28 | 32): Buffer {
  const pointerOf = (branch: Branch): number => {
    if (branch === null) return nodes.size;
    return "offset" in branch
      ? nodes.size + SEPARATOR.length + branch.offset
      : (nodes.get(branch) ?? nodes.size);
  };
  return Buffer.concat(
    [...nodes.keys()].map(({ children: [zero, one] }) => record(pointerOf(zero), pointerOf(one), recordSize)),
  );
}

function record(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordSize / 4);
  if (recordSize === 32) {
    bytes.writeUInt32BE(left, 0);
    bytes.writeUInt32BE(right, 4);
    return bytes;
  }
  bytes.writeUIntBE(left % 2 ** 24, 0, 3);
  bytes.writeUIntBE(right % 2 ** 24, recordSize / 4 - 3, 3);
  // With 28 bits, the high ones of both share the byte in the middle.
  if (recordSize === 28) bytes.writeUInt8(((left >>> 24) << 4) | (right >>> 24), 3);
  return bytes;
}

function encode(value: MmdbValue): Buffer {
  switch (typeof value) {
    case "string": {
      const text = Buffer.from(value, "utf8");
      return Buffer.concat([control(2, text.length), text]);
    }
    case "number":
      return Number.isInteger(value) && value >= 0 ? unsigned(6, BigInt(value)) : double(value);
    case "bigint":
      return unsigned(9, value);
    case "boolean":
      return control(14, value ? 1 : 0);
    default:
      return isList(value) ? encodeList(value) : encodeMap(value);
  }
}

function isList(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value);
}

function encodeList(values: readonly MmdbValue[]): Buffer {
  return Buffer.concat([control(11, values.length), ...values.map(encode)]);
}

function encodeMap(value: { readonly [key: string]: MmdbValue } | ReadonlyMap<string, MmdbValue>): Buffer {
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, item]) => [encode(key), encode(item)]),
  ]);
}

function unsigned(type: 6 | 9, value: bigint): Buffer {
  const hex = value === 0n ? "" : value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([control(type, bytes.length), bytes]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([control(3, 8), bytes]);
}

/** Type and size; types from 8 on are in a byte of their own. */
function control(type: number, size: number): Buffer {
  const more = Buffer.alloc(size < 29 ? 0 : size < 285 ? 1 : 2);
  if (more.length === 1) more.writeUInt8(size - 29);
  if (more.length === 2) more.writeUInt16BE(size - 285);
  const low = size < 29 ? size : 28 + more.length;
  const head = type < 8 ? [(type << 5) | low] : [low, type - 7];
  return Buffer.concat([Buffer.from(head), more]);
}

/** The bits that all addresses of a network begin with. */
function bitsOf(network: string, ipVersion: 4 | 6): readonly (0 | 1)[] {
  const [address = "", length = ""] = network.split("/");
  const isV4 = !address.includes(":");
  if (!isV4 && ipVersion === 4) throw new Error(`${network} does not go into an IPv4 file`);
  const bytes = isV4 ? address.split(".").map(Number) : bytesOfIpv6(address);
  const bits = bytes.flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => ((byte >> shift) & 1 ? 1 : 0)),
  );
  const prefix = isV4 && ipVersion === 6 ? Array<0>(96).fill(0) : [];
  return [...prefix, ...bits.slice(0, Number(length))];
}

function bytesOfIpv6(address: string): number[] {
  const [left = "", right] = new SocketAddress({ address, family: "ipv6" }).address.split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(left), groups(right ?? "")];
  const middle = Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...middle, ...tail].flatMap((group) => [group >> 8, group & 255]);
}
