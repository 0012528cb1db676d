// What is wrong with a file of the gateway's user, in words that say what to mend. Pure.
import { errorCode } from "../../../../../shared/errorCode.ts";
import { messageOf } from "../../../../../shared/errors.ts";

/** What is the case, for a sentence that begins with the file's name. */
export function fileFault(error: unknown, wanted: "read" | "written"): string {
  const code = errorCode(error);
  switch (code) {
    case "ENOENT":
      return "does not exist";
    case "ENOTDIR":
      return "is below something that is no directory";
    case "EISDIR":
      return "is a directory, not a file";
    case "EACCES":
    case "EPERM":
      return `may not be ${wanted} by the gateway's user (${code})`;
    case "ELOOP":
      return "is a symbolic link that leads in a circle";
    case "EROFS":
      return "is on a file system that is read-only";
    case "ENOSPC":
    case "EDQUOT":
      return `is on a file system without room (${code})`;
    default:
      return `cannot be ${wanted} (${messageOf(error)})`;
  }
}
