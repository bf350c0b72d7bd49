// TLS of the drivers in Node, Bun and Deno, with the files of the folder that `HOSTILE_TLS` names.
import { readFileSync } from "node:fs";
import process from "node:process";

const folder = process.env.HOSTILE_TLS;
const read = (/** @type {string} */ name) => readFileSync(`${folder}/${name}`, "utf8");

/** The key and the certificate, as PEM; null if `HOSTILE_TLS` is not set. */
export const certified = folder ? { key: read("key"), cert: read("certificate") } : null;
