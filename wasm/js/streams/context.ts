// The asynchronous context of a connection, where the runtime has one.

/** A function that calls another one in a stored asynchronous context. */
type Within = <Args extends unknown[], Result>(call: (...args: Args) => Result, ...args: Args) => Result;

interface Hooks {
  readonly AsyncLocalStorage?: { snapshot?(): Within };
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Hooks };
}

const hooks = (globalThis as Host).process?.getBuiltinModule?.("node:async_hooks");
const direct: Within = (call, ...args) => call(...args);

/**
 * @internal Returns a function that calls others in the asynchronous context of this moment.
 *
 * A store that the called function sets with `AsyncLocalStorage.enterWith` is left when it returns.
 * Before Node 24 it stays set for the connection, as it does with `node:http`. A runtime without
 * `AsyncLocalStorage.snapshot` gets a function that only calls.
 */
export const snapshot = (): Within => hooks?.AsyncLocalStorage?.snapshot?.() ?? direct;
