/** The compiled module, for runtimes that can import it; `initSync` takes it. */
declare const module: WebAssembly.Module;
export default module;
