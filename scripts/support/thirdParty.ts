// Writes the licenses of what is bundled beside the bundle: their terms ask for it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Folder of the package that a bundled file belongs to; null for our own files. */
function packageOf(file: string): string | null {
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return null;
  const scoped = parts[at + 1]?.startsWith("@") === true;
  return parts.slice(0, at + (scoped ? 3 : 2)).join("/");
}

function noticeOf(folder: string): string {
  const { name, version, license }: Record<string, string> = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined
      ? "(the package carries no license file)"
      : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version} (${license})\n\n${text}`;
}

/** esbuild plugin that writes `outFile` after each build. */
export function thirdPartyLicenses(outFile: string): Plugin {
  return {
    name: "third-party-licenses",
    setup(build) {
      build.initialOptions.metafile = true;
      build.onEnd((result) => {
        const folders = new Set(Object.keys(result.metafile?.inputs ?? {}).map(packageOf));
        const notices = [...folders]
          .filter((folder) => folder !== null)
          .sort()
          .map(noticeOf);
        // On a fresh checkout nothing has been written there yet.
        mkdirSync(dirname(outFile), { recursive: true });
        writeFileSync(outFile, `${notices.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
      });
    },
  };
}
