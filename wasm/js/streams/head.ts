// The base class of received requests and responses, and its form in logs.

import type { Headers as Fields } from "../engine/headers.js";
import { inspect } from "../engine/inspect.js";
import { Content } from "./content.js";
import type { Wire } from "./wire.js";

/** A received message: its field lines and its content. */
export abstract class Message extends Content {
  /**
   * The field lines, in the order and spelling in which they were received.
   *
   * When they are printed, the values of secret fields are replaced.
   */
  readonly fields: Fields;
  #headers: Headers | undefined;

  /** @internal */
  constructor(fields: Fields, wire: Wire, hasEnded: boolean, ended: () => void, cancelled: (reason: unknown) => void) {
    super(wire, hasEnded, ended, cancelled);
    this.fields = fields;
  }

  /**
   * The field lines as the platform's `Headers`.
   *
   * Names are in lower case, and values of the same name are joined. `getSetCookie` returns those of `Set-Cookie` one
   * by one.
   */
  get headers(): Headers {
    return (this.#headers ??= new Headers(this.fields.lines()));
  }

  /** Returns a description of the head for logs. */
  abstract toJSON(): object;

  /** @internal Returns the description of `toJSON` for a console. */
  [inspect](): object {
    return shown(this);
  }
}

/** @internal Returns the result of `toJSON` as an object with the same class name. */
export function shown(object: { toJSON(): object }): object {
  const { [object.constructor.name]: Shown = class {} } = { [object.constructor.name]: class {} };
  Object.defineProperty(Shown, "name", { value: object.constructor.name });
  return Object.assign(new Shown(), object.toJSON());
}
