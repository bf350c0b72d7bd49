/**
 * A WebAssembly module that the bundler compiles.
 *
 * The build tools of both workerd and Vercel recognise the suffix `?module`.
 */
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
