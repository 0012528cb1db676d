// What the doctor found wrong, with what to do about each.
import type { NodesData } from "../data.ts";
import { Card, Outside } from "./parts.tsx";

/** Hidden while nothing is wrong; says so when the doctor could not look. */
export function FindingsPanel({ data: { findings } }: { readonly data: NodesData }) {
  return (
    <Card id="findings" title="Doctor" isHidden={findings?.length === 0}>
      {findings === null ? (
        <p class="quiet">The doctor could not look: openclaw node-router doctor</p>
      ) : (
        <ul class="plain">
          {findings.map(({ id, severity, message, path, fix }) => (
            <li key={`${id} ${path} ${message}`} class={severity}>
              <b class="severity">{severity}</b> <Outside text={message} />
              <span class="second">
                <Outside text={`${fix}${path === null || fix.includes(path) ? "" : ` (${path})`}`} />
              </span>
              <span class="second mono">
                <Outside text={id} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
