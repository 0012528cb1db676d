// What is to be done for one node next: which command goes to which shell, what is opened, ended and refused. Pure.
import { Draft } from "./draft.ts";
import type { Action, Fault, Occasion, PoolView, Room, Waiting } from "./planView.ts";

/** What it returns is to be done in its order. */
export function plan<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  occasion: Occasion,
): readonly Action<C, W>[] {
  switch (occasion.is) {
    case "change":
      return planChange(view);
    case "presence":
      return planPresence(view);
    case "fault":
      return planFault(view, occasion);
    case "spell":
      return planSpell(view, occasion.stock);
    case "idle":
      return planIdle(view);
  }
}

function planChange<C extends Room, W extends Waiting>(view: PoolView<C, W>): readonly Action<C, W>[] {
  const draft = new Draft(view);
  draft.serve();
  if (draft.waiting.length + view.stock + draft.running === 0) {
    return view.presence.isHeld ? [...draft.actions, ...planPresence(view)] : draft.actions;
  }
  draft.holdKeeper();
  const isStocked = draft.openRunners();
  const background = draft.waiting.filter(({ isBackground }) => isBackground).length;
  if (draft.waiting.length + view.stock + draft.running > background) draft.reach(isStocked);
  else if (view.usable + view.connecting === 0) draft.actions.push({ do: "refuseBackground" });
  return draft.actions;
}

/** What presence needs to ask the node: a keeper, and a connection where none is open. */
function planPresence<C extends Room, W extends Waiting>(view: PoolView<C, W>): readonly Action<C, W>[] {
  const { usable, connecting, isFull, isClosing, presence } = view;
  if (view.keeper !== "none" || isClosing) return [];
  if (usable === 0) {
    return presence.isHeld && presence.mayConnect && connecting === 0 && !isFull ? [{ do: "probe" }] : [];
  }
  if (!presence.mayOpenKeeper) return [];
  const draft = new Draft(view);
  draft.holdKeeper();
  return draft.actions;
}

/** Nobody used it for long. */
function planIdle<C extends Room, W extends Waiting>({
  presence,
  free,
  connections,
}: PoolView<C, W>): readonly Action<C, W>[] {
  if (presence.isHeld) return [{ do: "endFree", count: free }];
  return connections.map((on) => ({ do: "closeConnection", on }) as const);
}

/**
 * After a failure. Nothing is opened then before another event asks for it: a login shell that always fails would
 * fail for ever.
 */
function planFault<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  fault: Fault,
): readonly Action<C, W>[] {
  if (view.queue.length === 0 || new Draft(view).isServed(fault.isKeeper)) return [];
  return [{ do: "refuse", refusal: fault.refusal }];
}

/** What was not needed for a while goes: shells beyond the stock, and connections on which nothing is left. */
function planSpell<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  stock: number,
): readonly Action<C, W>[] {
  const plain = view.queue.filter(({ isTerminal }) => !isTerminal).length;
  const count = Math.min(view.free, view.free + view.warming - plain - stock);
  const actions: Action<C, W>[] = count > 0 ? [{ do: "endFree", count }] : [];
  if (view.queue.length + view.connecting > 0) return actions;
  const empty = view.connections.filter(({ room, sessions }) => room > 0 && sessions === 0);
  // One stays for the next command.
  const kept = empty.length === view.usable ? 1 : 0;
  return [...actions, ...empty.slice(kept).map((on) => ({ do: "closeConnection", on }) as const)];
}
