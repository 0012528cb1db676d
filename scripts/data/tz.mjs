// Reads the tz database's tables as they are on a Unix machine.
import { readFileSync } from "node:fs";

const FOLDER = "/usr/share/zoneinfo";

/** Rows of `zone.tab`: one country a zone. */
export function readZones() {
  return rowsOf("zone.tab").map(([country = "", coordinates = "", name = ""]) => ({
    country,
    name,
    ...readPoint(coordinates),
  }));
}

/** Usual English names by ISO 3166-1 alpha-2 code. */
export function readCountryNames() {
  return new Map(rowsOf("iso3166.tab").map(([code = "", name = ""]) => [code, name]));
}

/** Old names of zones to the names they stand for now: `L Asia/Kolkata Asia/Calcutta`. */
export function readLinks() {
  const lines = read("tzdata.zi").split("\n");
  return new Map(
    lines
      .filter((line) => line.startsWith("L "))
      .map((line) => line.split(" "))
      .map(([, name = "", old = ""]) => [old, name]),
  );
}

/** `2025b` */
export function tzVersion() {
  const version = /^# version (\S+)/.exec(read("tzdata.zi"))?.[1];
  if (version === undefined) throw new Error(`${FOLDER}/tzdata.zi does not say its version`);
  return version;
}

/**
 * ISO 6709: `+0117+10351` or `+404251-0740023`.
 * @param {string} text
 */
function readPoint(text) {
  const [, latitude, longitude] = /^([+-]\d+)([+-]\d+)$/.exec(text) ?? [];
  if (latitude === undefined || longitude === undefined) throw new Error(`${text} is no point`);
  return { latitude: readAngle(latitude, 2), longitude: readAngle(longitude, 3) };
}

/** @param {string} text @param {number} digits of the degrees */
function readAngle(text, digits) {
  const degrees = Number(text.slice(1, 1 + digits));
  const minutes = Number(text.slice(1 + digits, 3 + digits));
  const seconds = Number(text.slice(3 + digits) || "0");
  return (text[0] === "-" ? -1 : 1) * (degrees + minutes / 60 + seconds / 3600);
}

/** @param {string} file a name */
function rowsOf(file) {
  const lines = read(file).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split("\t"));
}

/** @param {string} file a name */
function read(file) {
  return readFileSync(`${FOLDER}/${file}`, "utf8");
}
