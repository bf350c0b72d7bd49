import type { Headers as Fields } from "../engine/headers.js";
import { Content } from "./content.js";
/** A message that is received: its fields, and its content. */
export declare abstract class Message extends Content {
    #private;
    /**
     * The field lines in the order and spelling in which they came.
     *
     * Printed, they show no secrets.
     */
    readonly fields: Fields;
    /**
     * The field lines as the platform has them.
     *
     * Names in lower case, values of one name joined.
     */
    get headers(): Headers;
    /** For logs: without content, and without what the fields of `SECRET_FIELDS` say. */
    abstract toJSON(): object;
}
