// Doctor: what comes of the variables that say where the gateway is.
import { quote } from "../../../shared/safeText.ts";
import { type DoctorCheck, finding, found } from "./finding.ts";

export const checkDiscovery: DoctorCheck = ({ discovery }) => {
  if (discovery === undefined || !discovery.isHidden) return [];
  const { address, sshPort } = discovery;
  const hints = [
    ...(address.source === "OPENCLAW_TAILNET_DNS" ? [`${address.source} ${quote(address.value)}`] : []),
    ...(sshPort.source === "OPENCLAW_SSH_PORT" ? [`${sshPort.source} ${sshPort.value}`] : []),
  ];
  return found(
    hints.length === 0
      ? null
      : finding(
          "discovery-hidden",
          "info",
          `OPENCLAW_DISABLE_BONJOUR keeps OpenClaw from telling the local network of this gateway, so ${hints.join(" and ")} reach nobody through it; node-router goes by them in what it prints`,
          'nothing if that is meant: "openclaw node-router join" needs no discovery',
        ),
  );
};
