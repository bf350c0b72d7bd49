// What every face of a connection does with it.

import { configure, type Config } from "./config.js";
import { ProtocolError } from "./error.js";
import { numberOf } from "./check.js";
import { DisposableHandle } from "./disposable.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";
import { Role } from "../generated/tables.js";

/** A connection as something that has memory in the module. */
export class Handle extends DisposableHandle {
  readonly #role: Role;
  #space: Uint8Array | undefined;

  /** A connection of that role. Next: a server receives, a client sends a request. */
  constructor(role: Role, config?: Config) {
    super(create(role, config), raw.free, "connection");
    this.#role = role;
  }

  /** @internal Which end this is. */
  protected get role(): Role {
    return this.#role;
  }

  /**
   * Gives memory back where a connection is parked.
   *
   * What `trace`, `required` and the current event held is gone.
   */
  release(): void {
    this.space = undefined;
    raw.release(this.live());
  }

  /** @internal The place that `receiveBuffer` gave; it is empty once the memory has moved. */
  protected get space(): Uint8Array | undefined {
    return this.#space;
  }

  /** @internal */
  protected set space(space: Uint8Array | undefined) {
    this.#space = space;
  }

  /** @internal What the module refused is thrown. */
  protected must(isDone: boolean): void {
    if (!isDone) throw new ProtocolError(new Reader());
  }

  /** @internal What was written, or why nothing was. */
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
