/**
 * The address of a client, as `Deno.serve` names it.
 *
 * If a proxy passes it on, it is the proxy's.
 */
export interface RemoteAddr {
    readonly transport: "tcp";
    /** An IP address. */
    readonly hostname: string;
    readonly port: number;
}
