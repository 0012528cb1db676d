// What has to be known of an SSH packet to bound it (RFC 4250, section 4.1). Pure.

export const MESSAGE = {
  keyExchange: 20,
  opened: 91,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
} as const;

export interface PacketInfo {
  readonly type: number;
  /** Of the session it is for; -1 where it is for none. */
  readonly channel: number;
  /** Data in it, at most. */
  readonly bytes: number;
  /** What it costs of the budget for what is no data. */
  readonly cost: number;
}

/** A key exchange is some 10 to 40 ms of arithmetic. */
const EXCHANGE_COST = 100;
/** In the login: a key that the server would take is signed with, which takes some milliseconds. */
const FIRST_OF_METHOD = 60;
const LAST_OF_METHOD = 79;
const METHOD_COST = 20;
/** Channel messages: those of RFC 4254 that name a channel. */
const FIRST_OF_CHANNEL = 91;
const LAST_OF_CHANNEL = 100;

/**
 * Of one packet after decryption: its first byte is its type (RFC 4250).
 * @returns `channel` -1 for a packet of none; `bytes` of data in it.
 */
export function packetInfo(payload: Uint8Array): PacketInfo {
  const type = payload[0] ?? 0;
  const isOfChannel = type >= FIRST_OF_CHANNEL && type <= LAST_OF_CHANNEL && payload.length >= 5;
  const header = type === MESSAGE.data ? 9 : 13;
  const isData = type === MESSAGE.data || type === MESSAGE.extendedData;
  return {
    type,
    channel: isOfChannel ? uint32(payload, 1) : -1,
    bytes: isData ? Math.max(0, payload.length - header) : 0,
    cost: costOf(type),
  };
}

function costOf(type: number): number {
  if (type === MESSAGE.keyExchange) return EXCHANGE_COST;
  return type >= FIRST_OF_METHOD && type <= LAST_OF_METHOD ? METHOD_COST : 1;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at);
}
