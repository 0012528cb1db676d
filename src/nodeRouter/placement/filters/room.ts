// Filters: a node that runs as many calls as it may takes no more, nor does one to which calls failed lately.
import { roughDuration } from "../../../shared/roughDuration.ts";
import { aboutNode, type Filter } from "./filter.ts";

export const FULL = aboutNode("room", "was full", "were full");

/** As Envoy says it: calls to it failed on the way, whatever commands themselves came to. */
export const EJECTED = aboutNode("outlier", "was ejected", "were ejected");

/** Over every protocol: `nodes.<name>.maxRunning` counts them all. Files are looked at where they are, full or not. */
export const roomFilter: Filter = ({ pressure, request: { held, settled, startsNothing } }) =>
  pressure.size === 0
    ? []
    : [
        {
          reason: FULL,
          keeps: ({ name }) =>
            pressure.get(name)?.full !== true ||
            (startsNothing === true && (name === held || name === settled)),
          passing: () => "runs as many calls as it may",
        },
      ];

/** The last of all, so that what it removes fits but for this: `place` takes it where nothing else is left. */
export const outlierFilter: Filter = ({ pressure }) =>
  pressure.size === 0
    ? []
    : [
        {
          reason: EJECTED,
          keeps: ({ name }) => (pressure.get(name)?.ejectedForMs ?? null) === null,
          passing: () => "is ejected, because calls to it failed",
          detail: ({ name }) => `for ${roughDuration(pressure.get(name)?.ejectedForMs ?? 0)} more`,
        },
      ];
