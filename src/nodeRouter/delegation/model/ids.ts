// How a delegation is called: a UUID of version 7, which sorts by time and is not guessed. Pure.

/** Bytes of chance that one id needs. */
export const ID_BYTES = 10;

/** Any UUID, in the form that we write. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A UUIDv7 (RFC 9562, section 5.7).
 * @param atMs epoch ms.
 * @param random `ID_BYTES` of a good source.
 */
export function delegationId(atMs: number, random: Uint8Array): string {
  if (random.length < ID_BYTES) throw new Error(`an id needs ${ID_BYTES} bytes of chance`);
  const bytes = new Uint8Array(16);
  let rest = Math.max(0, Math.floor(atMs));
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, ID_BYTES), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
