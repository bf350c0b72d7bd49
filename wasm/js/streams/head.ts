// What a head looks like to users of the platform's classes, and to those who print it.

import type { Headers as Fields } from "../engine/headers.js";
import { inspect } from "../engine/inspect.js";
import { Content } from "./content.js";
import type { Wire } from "./wire.js";

/** A message that is received: its fields, and its content. */
export abstract class Message extends Content {
  /**
   * The field lines in the order and spelling in which they came.
   *
   * Printed, they show no secrets.
   */
  readonly fields: Fields;
  #headers: Headers | undefined;

  /** @internal */
  constructor(fields: Fields, wire: Wire, hasEnded: boolean, ended: () => void, cancelled: (reason: unknown) => void) {
    super(wire, hasEnded, ended, cancelled);
    this.fields = fields;
  }

  /**
   * The field lines as the platform has them.
   *
   * Names in lower case, values of one name joined.
   */
  get headers(): Headers {
    return (this.#headers ??= new Headers(this.fields.lines()));
  }

  /** Returns the head for logs. */
  abstract toJSON(): object;

  /** @internal The same for a console. */
  [inspect](): object {
    return shown(this);
  }
}

/** @internal What a console shows: the name of the class, and what `toJSON` says. */
export function shown(object: { toJSON(): object }): object {
  const { [object.constructor.name]: Shown = class {} } = { [object.constructor.name]: class {} };
  Object.defineProperty(Shown, "name", { value: object.constructor.name });
  return Object.assign(new Shown(), object.toJSON());
}
