/** The engine's code, as hosts hand it out that can import it; `initSync` takes it. */
declare const module: WebAssembly.Module;
export default module;
