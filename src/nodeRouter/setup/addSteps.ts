// `add`: a machine with SSH and no OpenClaw becomes a node.
import { configStep, gatewayStep, guardStep, loginStep, placeStep, trustStep } from "./commonSteps.ts";
import { newSetupState, type SetupContext } from "./setupContext.ts";
import type { SetupLook } from "./setupGateway.ts";
import type { SetupStep } from "./setupStep.ts";

/** In their order. What is changed before the last step can be taken back. */
export function addSteps(context: SetupContext): readonly SetupStep[] {
  const state = newSetupState();
  return [
    gatewayStep(context, state),
    trustStep(context, state),
    loginStep(context, state),
    placeStep(context, state),
    configStep(context, state),
    guardStep(context),
  ];
}

/** No paired node belongs to it, unless one answers to the name already. */
export function onlySsh({ entry, paired }: SetupLook): Readonly<Record<string, unknown>> {
  return entry === null && paired.length === 0 ? { node: false } : {};
}
