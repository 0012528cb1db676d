// Every filter, in the order in which nodes meet them. To add one: write its file, add its line.

import { peerFilter } from "./acceptance.ts";
import { approvalFilter } from "./approval.ts";
import { commandFilter } from "./command.ts";
import { cordonFilter } from "./cordon.ts";
import type { Filter } from "./filter.ts";
import { identityFilter } from "./identity.ts";
import { minimumFilter } from "./minimum.ts";
import { pairedFilter } from "./paired.ts";
import { pluginFilter } from "./plugin.ts";
import { presenceFilter } from "./presence.ts";
import { residencyFilter } from "./residency.ts";
import { roomFilter } from "./room.ts";
import { selectorFilter } from "./selector.ts";
import { taintFilter } from "./taints.ts";
import { transportFilter } from "./transport.ts";
import { workspaceFilter } from "./workspace.ts";

/**
 * A node's reason is the first that removed it, so the order runs from what only the config can change to
 * what passes by itself: which nodes the rule means, by tags, place and taints, how they may be reached and what they have,
 * whether the operator keeps calls away from them, then whether it is clear who they are and the host knows, trusts, sees and
 * can use them, then whether they have enough free, room for one more, and whether calls get through to them. Each later question is empty while an earlier one says no: an SSH-only node
 * is never paired, an unpaired node never approved, a node that waits or is offline offers no commands.
 */
export const FILTERS: readonly Filter[] = [
  selectorFilter,
  residencyFilter,
  taintFilter,
  transportFilter,
  workspaceFilter,
  cordonFilter,
  identityFilter,
  pairedFilter,
  approvalFilter,
  presenceFilter,
  peerFilter,
  pluginFilter,
  commandFilter,
  minimumFilter,
  roomFilter,
];
