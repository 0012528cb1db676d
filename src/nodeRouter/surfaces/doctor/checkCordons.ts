// Doctor: nodes from which the operator keeps calls away, and cordons that nobody can read or that no node has.
import { quote } from "../../../shared/safeText.ts";
import { shellWord } from "../../../shared/shell.ts";
import { cordonReport, cordonText } from "../../explain/cordonText.ts";
import { type DoctorCheck, finding } from "./finding.ts";

export const checkCordons: DoctorCheck = ({ cordons, snapshot }) => {
  if (cordons === undefined) return [];
  const { problem, records } = cordons;
  if (problem !== null) {
    const text = `${problem}, so every node is taken for cordoned and every call to one is refused`;
    const fix =
      'put the file back, or run "openclaw node-router uncordon --all", which begins anew without a cordon';
    return [finding("cordons-unreadable", "error", text, fix)];
  }
  const known = new Set(snapshot.nodes.map(({ name }) => name));
  return [...records.values()].flatMap((record) => {
    const told = cordonReport(record);
    const fix = `lift it with "openclaw node-router uncordon ${shellWord(record.node)}" when calls may come again`;
    if (told === null) return [];
    const what = `node ${quote(record.node)} is ${cordonText(told)}`;
    return [
      known.has(record.node)
        ? finding("node-cordoned", "info", what, fix)
        : finding(
            "cordon-unknown-node",
            "warning",
            `${what}; neither the config nor the gateway's list has a node of that name`,
            fix,
          ),
    ];
  });
};
