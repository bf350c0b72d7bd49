/** The engine's code, as runtimes give it that can import it; `initSync` takes it. */
declare const module: WebAssembly.Module;
export default module;
