// Why a configured name stands for no paired node although some answer to it. Pure.
import { formatPath } from "../../config/problems/path.ts";
import { quote } from "../../shared/safeText.ts";
import { shellWord } from "../../shared/shell.ts";
import type { NameDoubt } from "../placement/model/snapshot.ts";

/** What is wrong, without a full stop. */
export function doubtText(node: string, { kind, ids, knownId }: NameDoubt): string {
  const name = quote(node);
  const claimants = ids.map(quote).join(" and ");
  switch (kind) {
    case "ambiguous":
      return `${ids.length} paired nodes answer to the name of node ${name}, ${claimants}, so none of them is used`;
    case "moved":
      return `the paired node that answers to the name of node ${name} is ${claimants}, and before it was ${quote(knownId ?? "")}, so it is not used`;
    case "forgotten":
      return `which paired node had the name of node ${name} before cannot be read any more, so ${claimants} is not used`;
    case "taken":
      return `what answers to the name of node ${name} is ${claimants}, and ${quote(knownId ?? "")} has another entry's name, so it is not used`;
  }
}

/** What to do, a whole sentence without a full stop. */
export function doubtFix(node: string, { ids }: NameDoubt): string {
  const [id = "<id>"] = ids;
  const which =
    ids.length === 1 ? "if that is the machine that you mean" : "with the id of the one that you mean";
  return `${which}, run ${quoteCommand(node, ids.length === 1 ? id : "<id>")}, or write the id as ${formatPath(["nodes", node, "node"])}; remove a pairing that is not needed with "openclaw nodes remove --node <id>"`;
}

function quoteCommand(node: string, id: string): string {
  return quote(`openclaw node-router trust ${shellWord(node)} --paired ${id}`).replaceAll("\\\\", "\\");
}
