// Doctor: alerts that reach nobody.
import { formatPath } from "../../../config/problems/path.ts";
import { roughDuration } from "../../../shared/roughDuration.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { type DoctorCheck, finding, found } from "./finding.ts";

export const checkAlerting: DoctorCheck = ({ config, alerts, nowMs }) => {
  if (config.alerts === null || alerts === undefined) return [];
  const { channel, to } = config.alerts;
  const { hasChannel, failure, retryAtMs } = alerts;
  const missing = finding(
    "alerts-channel-missing",
    "warning",
    `alerts go by the channel ${quote(channel)}, which this gateway has not`,
    "set the channel up (openclaw channels add), or name one of openclaw channels list",
    formatPath(["alerts", "channel"]),
  );
  const next = retryAtMs > nowMs ? `; the next try is in ${roughDuration(retryAtMs - nowMs)}` : "";
  const failed = finding(
    "alerts-not-sent",
    "warning",
    `the last alert could not be sent by ${quote(channel)} to ${quote(to)}: ${safe(failure ?? "")}${next}`,
    "try it: openclaw message send --channel <channel> --target <to> --message test; correct alerts.to or the channel",
    formatPath(["alerts", "to"]),
  );
  return found(hasChannel === false ? missing : null, failure === null ? null : failed);
};
