// What a signal ends: it has one listener for all of them.

/** The callbacks of each signal. */
const heard = new WeakMap<AbortSignal, { readonly acts: Set<() => void>; readonly tell: () => void }>();

/** @internal Has a signal call a function. */
export function listen(signal: AbortSignal, act: () => void): void {
  let hears = heard.get(signal);
  if (!hears) {
    const acts = new Set<() => void>();
    const tell = (): void => {
      for (const act of [...acts]) {
        try {
          act();
        } catch {
          // A socket that fails to be closed keeps none of the others open.
        }
      }
    };
    heard.set(signal, (hears = { acts, tell }));
  }
  hears.acts.add(act);
  if (hears.acts.size === 1) signal.addEventListener("abort", hears.tell);
}

/** @internal Has it call that no more. */
export function unlisten(signal: AbortSignal, act: () => void): void {
  const hears = heard.get(signal);
  if (hears?.acts.delete(act) && hears.acts.size === 0) signal.removeEventListener("abort", hears.tell);
}
