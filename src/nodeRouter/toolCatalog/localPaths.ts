// Which files of the gateway a call would read or write by its parameters. Pure; parameters as in OpenClaw 2026.9.
import { foldParam } from "../../shared/hostParams.ts";

type Params = Readonly<Record<string, unknown>>;

/** A parameter named by one of these takes a file: `path`, `filePath`, `media_urls`, `audioRefs`. */
const FILE_WORDS: ReadonlySet<string> = new Set(
  [
    "file",
    "path",
    "filepath",
    "fileurl",
    "media",
    "mediaurl",
    "image",
    "video",
    "audio",
    "pdf",
    "photo",
    "document",
    "ref",
    "url",
    "avatar",
    "cover",
    "thumbnail",
    "attachment",
  ].flatMap((word) => [word, `${word}s`]),
);

/** With one of these it is about a file and names none: `fileName`, `videoRoles`, `stickerId`. */
const OTHER_WORDS: ReadonlySet<string> = new Set([
  "name",
  "type",
  "mime",
  "id",
  "ids",
  "role",
  "roles",
  "format",
]);

/** What is fetched, is in the call itself, or was sent to the agent: no file that it could choose. */
const NO_FILE = /^(?:https?:\/\/|data:|buffer:\/\/|media:\/\/inbound\/[^/\\]+$)/i;

/** The first file of the gateway that such a call names, as it names it; null when it names none. */
export function gatewayFileIn(params: Params): string | null {
  return firstFile(params, false);
}

/** The same for a tool of which only these parameters name files of the gateway. */
export function gatewayFileAt(params: Params, names: readonly string[]): string | null {
  return firstFile(params, false, names.map(foldParam));
}

/** @param names null: by the words of a parameter's name. */
function firstFile(value: unknown, isFile: boolean, names: readonly string[] | null = null): string | null {
  if (typeof value === "string") return isFile && isGatewayFile(value) ? value : null;
  if (typeof value !== "object" || value === null) return null;
  const isNamed = (key: string) => (names === null ? namesFile(key) : names.includes(foldParam(key)));
  for (const [key, entry] of Object.entries(value)) {
    // Inside an attachment its other keys are its own: only what is named a file is one.
    const found = firstFile(entry, Array.isArray(value) ? isFile : isNamed(key), names);
    if (found !== null) return found;
  }
  return null;
}

function isGatewayFile(text: string): boolean {
  // The host takes the tool mark and the media mark off.
  const reference = text.trim().replace(/^@\s*/, "").trim();
  return reference !== "" && !NO_FILE.test(reference);
}

function namesFile(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => FILE_WORDS.has(word)) && !words.some((word) => OTHER_WORDS.has(word));
}
