// One listener for each `AbortSignal`, shared by all sockets that it closes.

import { whenCollected } from "../engine/disposable.js";

/** The callbacks registered for each signal, and the listener that calls them. */
const heard = new WeakMap<AbortSignal, { readonly acts: Set<() => void>; readonly tell: () => void }>();

/** @internal Registers a callback for the abort of a signal. */
export function listen(signal: AbortSignal, act: () => void): void {
  let hears = heard.get(signal);
  if (!hears) {
    const acts = new Set<() => void>();
    const tell = (): void => {
      for (const act of [...acts]) {
        try {
          act();
        } catch {
          // A socket that cannot be closed must not keep the others open.
        }
      }
    };
    heard.set(signal, (hears = { acts, tell }));
  }
  hears.acts.add(act);
  if (hears.acts.size === 1) signal.addEventListener("abort", hears.tell);
}

/**
 * @internal Registers a callback that does not keep its object alive.
 *
 * Returns the registered function, for `unlisten`. A signal may live as long as the process;
 * responses that are never read must not.
 */
export function listenFor<T extends object>(signal: AbortSignal, object: T, tell: (object: T) => void): () => void {
  const kept = new WeakRef(object);
  const act = (): void => {
    const alive = kept.deref();
    if (alive) tell(alive);
  };
  listen(signal, act);
  whenCollected(object, () => unlisten(signal, act));
  return act;
}

/** @internal Removes a callback. */
export function unlisten(signal: AbortSignal, act: () => void): void {
  const hears = heard.get(signal);
  if (hears?.acts.delete(act) && hears.acts.size === 0) signal.removeEventListener("abort", hears.tell);
}
