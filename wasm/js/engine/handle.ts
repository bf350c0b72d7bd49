// The base class of `Connection`: its creation and its handle.

import { configure, type Config } from "./config.js";
import { ProtocolError } from "./error.js";
import { numberOf } from "./check.js";
import { DisposableHandle } from "./disposable.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";
import { Role } from "../generated/tables.js";

/** The base of `Connection`: its object in the WebAssembly module, and its role. */
export class Handle extends DisposableHandle {
  readonly #role: Role;
  #space: Uint8Array | undefined;

  /** Creates a connection. Next: a server calls `receive`, a client `sendRequest`. */
  constructor(role: Role, config?: Config) {
    super(create(role, config), raw.free, "connection");
    this.#role = role;
  }

  /** @internal The role of this end of the connection. */
  protected get role(): Role {
    return this.#role;
  }

  /**
   * Releases unneeded memory of an idle connection.
   *
   * The current event ends, and the contents of `trace`, `required` and `agreed` may be lost.
   */
  release(): void {
    this.space = undefined;
    raw.release(this.live());
  }

  /**
   * @internal The space that `receiveBuffer` returned.
   *
   * It is unset by `release` and by the next call that receives. It is empty once the module's
   * memory has grown.
   */
  protected get space(): Uint8Array | undefined {
    return this.#space;
  }

  /** @internal */
  protected set space(space: Uint8Array | undefined) {
    this.#space = space;
  }

  /** @internal Throws the error in the result buffer unless `isDone`. */
  protected must(isDone: boolean): void {
    if (!isDone) throw new ProtocolError(new Reader());
  }

  /** @internal Returns the bytes to send, or throws the error in the result buffer. */
  protected sent(isDone: boolean): Uint8Array<ArrayBuffer> {
    this.must(isDone);
    return bytesLeft();
  }
}

function create(role: Role, config: Config | undefined): number {
  const number = numberOf(Role, role, "role");
  if (config !== undefined) configure(config);
  return raw.create(number);
}
