// Reads the tz database's tables as they are on a Unix machine.
import { readFileSync } from "node:fs";

const FOLDER = "/usr/share/zoneinfo";

export interface Zone {
  readonly name: string;
  readonly country: string;
  /** Degrees, of its principal city. */
  readonly latitude: number;
  readonly longitude: number;
}

/** Rows of `zone.tab`: one country a zone. */
export function readZones(): readonly Zone[] {
  return rowsOf("zone.tab").map(([country = "", coordinates = "", name = ""]) => ({
    country,
    name,
    ...readPoint(coordinates),
  }));
}

/** Usual English names by ISO 3166-1 alpha-2 code. */
export function readCountryNames(): ReadonlyMap<string, string> {
  return new Map(rowsOf("iso3166.tab").map(([code = "", name = ""]) => [code, name]));
}

/** Old names of zones to the names they stand for now: `L Asia/Kolkata Asia/Calcutta`. */
export function readLinks(): ReadonlyMap<string, string> {
  const lines = read("tzdata.zi").split("\n");
  const links = lines.filter((line) => line.startsWith("L ")).map((line) => line.split(" "));
  return new Map(links.map(([, present = "", old = ""]) => [old, present]));
}

/** `2025b` */
export function tzVersion(): string {
  const version = /^# version (\S+)/.exec(read("tzdata.zi"))?.[1];
  if (version === undefined) throw new Error(`${FOLDER}/tzdata.zi does not say its version`);
  return version;
}

/** ISO 6709: `+0117+10351` or `+404251-0740023`. */
function readPoint(text: string): Pick<Zone, "latitude" | "longitude"> {
  const [, latitude, longitude] = /^([+-]\d+)([+-]\d+)$/.exec(text) ?? [];
  if (latitude === undefined || longitude === undefined) throw new Error(`${text} is no point of ISO 6709`);
  return { latitude: readAngle(latitude, 2), longitude: readAngle(longitude, 3) };
}

function readAngle(text: string, digits: number): number {
  const degrees = Number(text.slice(1, 1 + digits));
  const minutes = Number(text.slice(1 + digits, 3 + digits));
  const seconds = Number(text.slice(3 + digits) || "0");
  return (text[0] === "-" ? -1 : 1) * (degrees + minutes / 60 + seconds / 3600);
}

function rowsOf(file: string): readonly (readonly string[])[] {
  const lines = read(file).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split("\t"));
}

function read(file: string): string {
  return readFileSync(`${FOLDER}/${file}`, "utf8");
}
