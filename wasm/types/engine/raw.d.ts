/**
 * A compiled module, as TypeScript's `lib` has it.
 *
 * `dom` and `webworker` do.
 */
export type CompiledModule = typeof globalThis extends {
    WebAssembly: {
        Module: {
            prototype: infer M;
        };
    };
} ? M : object;
/**
 * Starts the engine from a compiled module, or from its bytes.
 *
 * Those of `switchover.wasm` or `core.wasm`. The entries of the package do it by themselves; call it after importing
 * `switchover/manual`, in runtimes that load modules in a way of their own. The second call, and all after it, do
 * nothing. Next: `new Connection(role)`.
 */
export declare function initSync(module: CompiledModule | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void;
