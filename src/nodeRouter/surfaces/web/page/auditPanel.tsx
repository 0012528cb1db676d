// Whether what runs is recorded: the ledger's mode, its newest record, and what is missing in it.
import type { NodesData } from "../data.ts";
import { Card, Outside } from "./parts.tsx";

const MODES = {
  off: "off: nothing is recorded",
  "best-effort": "best effort: what cannot be recorded runs all the same",
  strict: "strict: what cannot be recorded does not run",
} as const;

/** Hidden while nothing was to be recorded in this process. */
export function AuditPanel({ data: { audit } }: { readonly data: NodesData }) {
  if (audit === null) return <Card id="audit" title="Audit" isHidden children={null} />;
  const { mode, written, waiting, failed, refused, lastError, head, full } = audit;
  const gaps = [
    failed === 0 ? null : `records lost: ${COUNT.format(failed)}`,
    refused === 0 ? null : `calls refused, since they could not be recorded: ${COUNT.format(refused)}`,
    lastError === null ? null : `writing fails: ${lastError}`,
    ...full.map(
      ({ agent, dropped }) =>
        `the share of ${agent === "" ? "nobody" : agent} is used up${dropped > 0 ? `, records left out: ${COUNT.format(dropped)}` : ""}`,
    ),
  ].filter((gap) => gap !== null);
  return (
    <Card id="audit" title="Audit">
      <dl class="pairs">
        <dt>Mode</dt>
        <dd>{MODES[mode]}</dd>
        <dt>Written</dt>
        <dd>
          {COUNT.format(written)} records since the gateway started
          {waiting > 0 && `, ${COUNT.format(waiting)} wait for the disk`}
        </dd>
        <dt>Newest</dt>
        <dd>
          {head === null ? (
            "none is known"
          ) : (
            <>
              record {COUNT.format(head.n)} <Outside text={head.hash} class="quiet mono" />
            </>
          )}
        </dd>
        <dt>Gaps</dt>
        <dd class={gaps.length === 0 ? "" : "bad"}>
          {gaps.length === 0 ? "none since the gateway started" : <Outside text={gaps.join("; ")} />}
        </dd>
      </dl>
      <p class="quiet">Whether the file was changed: openclaw node-router ledger verify</p>
    </Card>
  );
}

const COUNT = new Intl.NumberFormat("en");
