/** The types of workerd's TCP sockets, as far as the examples need them. */
declare module "cloudflare:sockets" {
  interface Socket {
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
    readonly secureTransport: "on" | "off" | "starttls";
    close(): Promise<void>;
    startTls(options?: { expectedServerHostname?: string }): Socket;
  }
  export function connect(address: string, options?: { secureTransport?: "on" | "off" | "starttls"; allowHalfOpen?: boolean }): Socket;
}

/** The types of Deno's API, as far as the examples need them. */
declare namespace Deno {
  interface Conn {
    read(space: Uint8Array): Promise<number | null>;
    write(bytes: Uint8Array): Promise<number>;
    closeWrite(): Promise<void>;
    close(): void;
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  }
  const args: string[];
  const stdout: { readonly writable: WritableStream<Uint8Array> };
  function connect(options: { hostname: string; port: number }): Promise<Conn>;
  function listen(options: { hostname: string; port: number }): AsyncIterable<Conn> & { accept(): Promise<Conn>; readonly addr: { port: number } };
  function readTextFileSync(path: string): string;
}
