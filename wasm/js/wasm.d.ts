/**
 * A module that your code has compiled.
 *
 * Both workerd's tools and Vercel's take the name with this suffix.
 */
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
