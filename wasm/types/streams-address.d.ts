/** The address of a client, as `Deno.serve` names it. Behind a proxy it is the proxy's. */
export interface RemoteAddr {
    readonly transport: "tcp";
    /** An IP address. */
    readonly hostname: string;
    readonly port: number;
}
