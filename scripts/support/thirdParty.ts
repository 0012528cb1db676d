// Writes beside the bundle what is in it: the licenses, whose terms ask for it, and a list for those who audit it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { isLeftOut } from "./leftOut.ts";

/** Folder of the package that a bundled file belongs to; null for our own files, and for what was left out. */
function packageOf(file: string): string | null {
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0 || isLeftOut(parts.slice(at + 1).join("/"))) return null;
  const scoped = parts[at + 1]?.startsWith("@") === true;
  return parts.slice(0, at + (scoped ? 3 : 2)).join("/");
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

function packageIn(folder: string): Package {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // The second is how packages said it before `license` was a word.
  return { name, version, license: license ?? licenses?.[0]?.type ?? "not said" };
}

/** Where the terms of the MIT and ISC licenses begin; what stands before is the copyright of one package. */
const TERMS = /^Permission (?:is hereby granted|to use, copy)/m;

interface Notice {
  readonly heading: string;
  readonly copyright: string;
  readonly terms: string;
}

function noticeOf(folder: string): Notice {
  const { name, version, license } = packageIn(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined
      ? "(the package carries no license file)"
      : readFileSync(join(folder, file), "utf8").trim();
  const at = text.search(TERMS);
  const [copyright, terms] = at < 0 ? ["", text] : [text.slice(0, at).trim(), text.slice(at)];
  return { heading: `${name} ${version} (${license})`, copyright, terms };
}

/** Packages under the same words: each with its copyright, and the words once. */
function noticesOf(folders: readonly string[]): string {
  const groups = Map.groupBy(folders.map(noticeOf), ({ terms }) => terms.replaceAll(/\s+/g, " "));
  return [...groups.values()]
    .map((notices) => {
      const whose = notices.flatMap(({ heading, copyright }) => [heading, copyright].filter(Boolean));
      return [...whose, notices[0]?.terms].join("\n\n");
    })
    .join(`\n\n${"-".repeat(80)}\n\n`);
}

/**
 * esbuild plugin that writes THIRD_PARTY_LICENSES.txt and bundled.json into `folder` after each build.
 * @param others files that are bundled elsewhere and go along.
 */
export function thirdParty(folder: string, others: () => Promise<readonly string[]>): Plugin {
  return {
    name: "third-party",
    setup(build) {
      build.initialOptions.metafile = true;
      build.onEnd(async (result) => {
        const folders = [
          ...new Set([...Object.keys(result.metafile?.inputs ?? {}), ...(await others())].map(packageOf)),
        ]
          .filter((found) => found !== null)
          .sort();
        // On a fresh checkout nothing has been written there yet.
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "THIRD_PARTY_LICENSES.txt"), `${noticesOf(folders)}\n`);
        writeFileSync(join(folder, "bundled.json"), `${JSON.stringify(folders.map(packageIn), null, 2)}\n`);
      });
    },
  };
}
