/** The compiled module, for runtimes that can import one; pass it to `initSync`. */
declare const module: WebAssembly.Module;
export default module;
