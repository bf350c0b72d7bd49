// The asynchronous context of a connection, where the runtime has one.

/** A function that calls another one in a context. */
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
 * @internal Returns a function that calls others in the context of now.
 *
 * What they enter with `AsyncLocalStorage.enterWith` ends with them. Before Node 24 it stays for the connection, as it
 * does with `node:http`.
 */
export const snapshot = (): Within => hooks?.AsyncLocalStorage?.snapshot?.() ?? direct;
