/** What workerd has for TCP, as far as the example needs it. */
declare module "cloudflare:sockets" {
  export function connect(address: string): {
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
    close(): Promise<void>;
  };
}
