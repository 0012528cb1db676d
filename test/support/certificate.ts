// A certificate of its own authority for 127.0.0.1, made anew each time: for an https service of a test.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface TestCertificate {
  /** PEM; whoever is to believe it is given `cert` as an authority. */
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** Valid from yesterday for a week. X.509 version 3 (RFC 5280), ECDSA with P-256 and SHA-256 (RFC 5758). */
export function makeCertificate(): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = seq(oid("2a8648ce3d040302"));
  const name = seq(der(0x31, seq(oid("550403"), der(0x0c, Buffer.from("node-router test")))));
  const serial = randomBytes(8);
  serial[0] = 0x40; // neither zero in front nor negative
  const extension = (id: string, value: Buffer) => seq(oid(id), der(0x04, value));
  const extensions = seq(
    extension("551d13", seq(der(0x01, Buffer.from([0xff])))), // basicConstraints: an authority
    extension("551d11", seq(der(0x87, Buffer.from([127, 0, 0, 1])))), // subjectAltName: an IP address
  );
  const body = seq(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    seq(time(-DAY_MS), time(6 * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]);
  const whole = seq(body, algorithm, der(0x03, signature));
  const lines = (whole.toString("base64").match(/.{1,64}/g) ?? []).join("\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** One value of DER (X.690): its tag, its length, its content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const seq = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));

/** UTCTime: `YYMMDDHHMMSSZ`. */
function time(fromNowMs: number): Buffer {
  const text = new Date(Date.now() + fromNowMs)
    .toISOString()
    .replace(/[-:T]|\.\d+/g, "")
    .slice(2);
  return der(0x17, Buffer.from(text));
}
