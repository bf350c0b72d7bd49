// Test of the types: this file is compiled, not run.

import {
  serveConnection,
  upgrade,
  type ClientRequest,
  type DenoSocket,
  type ServeResult,
  type Handler,
  type ServeInfo,
  type ServeHandle,
  type StreamSocket,
  type Switched,
} from "switchover/streams";
import type { Config, Connection, ErrorKind, Event, Headers, Selection, Step, Why } from "switchover";
import {
  Capsules,
  CapsuleFault,
  Connection as AConnection,
  Deflate,
  ErrorKind as Errors,
  Flags,
  IP_TEMPLATE,
  OverHttp2,
  ProfileError,
  ProtocolError,
  Role,
  Splice,
  ipTarget,
  sameProtocol,
} from "switchover";

/** Checks that `Config` has an option for each flag of the core, and no other one. */
export const flags: Required<Omit<Config, "limits" | "lenient">> = Flags;
export const everyFlag: keyof typeof Flags extends keyof Config ? true : never = true;

/** Checks that the listed kinds of steps are all that exist. */
export function told(step: Step): string | number {
  switch (step.kind) {
    case "request":
      return step.method + step.offers.length;
    case "informational":
    case "response":
      return step.status;
    case "data":
      return step.data.length;
    case "end-of-message":
      return step.trailers.length;
    case "switched":
      return step.protocols.join();
    case "need-data":
      return 0;
    case "paused":
      return step.why;
    default:
      return step satisfies never;
  }
}

export function uses(connection: Connection): void {
  const event: Event | null = connection.event();
  if (event?.kind === "request") {
    const headers: Headers = event.headers;
    const host: string | undefined = headers.get("host");
    const pairs: [name: string, value: string][] = headers.lines();
    const parts: string[] = headers.flat();
    console.log(pairs, parts);
    for (const [name, value] of headers) console.log(name, value, host);
  }
  const why: Why | null = connection.why;
  const selection: Selection | null = connection.select(["foo/2"]);
  if (selection) connection.accept(selection, [["Server", "a"]]);
  connection.sendEnd(new Map([["Checksum", "1"]]));
  connection.sendEnd(new globalThis.Headers());
  console.log(why, Role.client, Errors["bad-method"]);
}

export function negotiates(connection: Connection): void {
  const deflate: Deflate | null = connection.selectDeflate({ serverMaxWindowBits: 10 });
  const subprotocol: string | null = connection.selectSubprotocol(["a"], "server");
  const passed: Headers | null = connection.endToEnd;
  if (passed) connection.sendEnd([...passed, ["Via", "1.1 here"]]);
  if (passed) connection.sendEnd(passed);
  const index: number | undefined = connection.select(["foo/2"])?.preference;
  const any: null | string | undefined = ipTarget(IP_TEMPLATE, "/")?.target;
  const context: bigint | undefined = new Capsules().nextDatagram()?.context;
  console.log(deflate, subprotocol, index, any, context, sameProtocol("a", "b"), OverHttp2.te, CapsuleFault.truncated);
}

export function explains(error: unknown): number {
  if (!(error instanceof ProfileError)) return 0;
  // @ts-expect-error It is none of the engine's errors.
  if (error.reason === "bad-method") return 1;
  return error.reason === "settings" || error.reason === "upgrade" || error.reason === "too-long" ? 2 : 3;
}

export function misuses(connection: Connection): void {
  // @ts-expect-error Content is bytes.
  new Splice(connection, "content");
  // @ts-expect-error There is no such parameter.
  connection.selectDeflate({ windowBits: 9 });
  // @ts-expect-error It can only be asked.
  connection.forwardable = [];
}

export function refuses(connection: Connection, error: unknown): ErrorKind | undefined {
  // @ts-expect-error There is no such role.
  new AConnection("proxy");
  // @ts-expect-error There is no such limit.
  new AConnection("server", { limits: { heads: 1 } });
  // @ts-expect-error Bytes, not text.
  connection.receive("GET");
  // @ts-expect-error Only `select` makes selections.
  connection.accept({});
  // @ts-expect-error An event may be none of those.
  connection.event().kind;
  return error instanceof ProtocolError ? error.kind : undefined;
}

/** Uses the types of `switchover/streams`. */
export async function streams(socket: StreamSocket, deno: DenoSocket): Promise<string | null> {
  const request: ClientRequest = { target: "/", headers: { Host: "a" } };
  const outcome = await upgrade(socket, request, { offer: ["foo/2"], signal: AbortSignal.timeout(1) });
  if (outcome.protocol === null) return outcome.why === "declined" ? await outcome.response.text() : null;
  const readable: ReadableStream<Uint8Array> = outcome.readable;
  const ending: ServeResult = await serveConnection(
    deno,
    async (request) => {
      const switched: Switched | null = await request.upgrade(["foo/2"], { X: "y" });
      return switched ? undefined : new Response(request.body);
    },
    { upgrades: ["foo/2"], timeouts: { request: Infinity } },
  );
  const plain: Handler = ({ headers }) => ({ status: 200, body: headers.get("a") });
  const serving: ServeHandle = serveConnection(socket, async (request, { remoteAddr }: ServeInfo) => {
    const port: number | undefined = remoteAddr?.port;
    request.signal.throwIfAborted();
    return (await request.upgrade(["foo/2"], [], { early: true })) ? undefined : Response.json(port);
  });
  const shut: ServeResult = await serving.shutdown();
  await serveConnection({ readable, writable: outcome.writable, close: () => {} }, plain, { onError: () => {} });
  // @ts-expect-error A handler gives a response.
  await serveConnection(socket, () => 200);
  // @ts-expect-error A request has a target.
  await upgrade(socket, { headers: {} });
  // @ts-expect-error A socket has two streams.
  await upgrade({ readable }, request);
  return ending.how === "failed" || shut.how === "failed" ? String(ending.error) : null;
}
