// Drawings of the diagrams in `core/docs/states.md`, with the current state of a connection.

import { STATES } from "./generated/states.js";

/** @typedef {"exchange" | "directions" | "upgrade"} Name @typedef {{ rx: string, tx: string, request: string, response: string, upgrade: string }} State */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [72, 30];

/**
 * The column and row states of two diagrams; `UPGRADES` places those of the third.
 * @type {Record<string, string[][]>}
 */
const ORDER = {
  exchange: [["idle", "body", "done", "aborted"], ["idle", "body", "done", "aborted"]],
  directions: [["open", "switched", "closed", "failed"], ["open", "switched", "closed"]],
};
/** @type {Record<string, number[]>} */
const UPGRADES = { none: [0, 0], offered: [1, 0], agreed: [2, 0], resumed: [3, 0], connect: [1, 1], declined: [2, 1] };

const TITLES = {
  exchange: "Request / response, while both directions are open",
  directions: "The directions: the peer’s / ours",
  upgrade: "The effect of the request on the connection",
};

/**
 * The function for each diagram that names its node for a connection's state.
 *
 * That of `exchange` returns an empty string unless both directions are open.
 * @type {Record<Name, (state: State) => string>}
 */
const PLACES = {
  exchange: ({ rx, tx, request, response }) => (rx === "open" && tx === "open" ? `${request}_${response}` : ""),
  directions: ({ rx, tx }) => `${rx}_${tx}`,
  upgrade: ({ upgrade }) => upgrade,
};

/** @param {string} name @param {Record<string, string | number>} attributes */
function node(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** @param {Name} diagram @param {string} name */
function placeOf(diagram, name) {
  if (diagram === "upgrade") return UPGRADES[name];
  const [columns, rows] = ORDER[diagram];
  const [column, row] = name.split("_");
  return [columns.indexOf(column), rows.indexOf(row)];
}

/** A diagram of one role, drawn once and then updated. */
class Diagram {
  /** @param {Name} diagram @param {string[][]} edges */
  constructor(diagram, edges) {
    this.placeIn = PLACES[diagram];
    const names = [...new Set(edges.flatMap(([from, to]) => [from, to]))];
    const used = { columns: new Set(), rows: new Set() };
    for (const name of names) {
      const [column, row] = placeOf(diagram, name);
      used.columns.add(column);
      used.rows.add(row);
    }
    /** @param {Set<number>} set */
    const sorted = (set) => [...set].sort((one, other) => one - other);
    const [columns, rows] = [sorted(used.columns), sorted(used.rows)];
    const [across, down] = [(384 - WIDTH) / Math.max(1, columns.length - 1), HEIGHT + 16];
    this.at = new Map(
      names.map((name) => {
        const [column, row] = placeOf(diagram, name);
        return [name, [columns.indexOf(column) * across + WIDTH / 2, rows.indexOf(row) * down + HEIGHT / 2 + 3]];
      }),
    );
    this.svg = node("svg", { viewBox: `-3 0 390 ${rows.length * down - 9}`, role: "img" });
    this.edges = new Map();
    for (const [from, to, inputs] of edges) this.#edge(from, to, inputs);
    this.nodes = new Map(names.map((name) => [name, this.#node(name)]));
    this.figure = document.createElement("figure");
    this.figure.append(Object.assign(document.createElement("figcaption"), { textContent: TITLES[diagram] }), this.svg);
    this.title = TITLES[diagram];
  }

  /** @param {string} name */
  #placed(name) {
    return this.at.get(name) ?? [0, 0];
  }

  /** @param {string} from @param {string} to @param {string} inputs */
  #edge(from, to, inputs) {
    const [[x, y], [toX, toY]] = [this.#placed(from), this.#placed(to)];
    const [dx, dy] = [toX - x, toY - y];
    // The arrow ends at the edge of the box, and is curved so that both directions are visible.
    const share = Math.min(dx === 0 ? Infinity : (WIDTH / 2 + 3) / Math.abs(dx), dy === 0 ? Infinity : (HEIGHT / 2 + 3) / Math.abs(dy));
    const [endX, endY] = [toX - dx * share, toY - dy * share];
    const length = Math.hypot(dx, dy) || 1;
    const bend = length > 140 ? 16 : 6;
    const [midX, midY] = [(x + endX) / 2 - (dy / length) * bend, (y + endY) / 2 + (dx / length) * bend];
    const edge = node("path", { class: "edge", d: `M${x} ${y}Q${midX} ${midY} ${endX} ${endY}` });
    edge.append(node("title", {}, `${from.replace("_", " / ")} → ${to.replace("_", " / ")}: ${inputs}`));
    const angle = Math.atan2(endY - midY, endX - midX);
    /** @param {number} turn @param {number} far */
    const point = (turn, far) => `${endX - Math.cos(angle + turn) * far} ${endY - Math.sin(angle + turn) * far}`;
    const head = node("path", { class: "head", d: `M${endX} ${endY}L${point(0.45, 6)} ${point(-0.45, 6)}Z` });
    this.svg.append(edge, head);
    this.edges.set(`${from} ${to}`, edge);
  }

  /** @param {string} name */
  #node(name) {
    const [x, y] = this.#placed(name);
    const group = node("g", { class: "node" });
    group.append(
      node("rect", { x: x - WIDTH / 2, y: y - HEIGHT / 2, width: WIDTH, height: HEIGHT, rx: 4 }),
    );
    const lines = name.split("_");
    for (const [index, line] of lines.entries()) group.append(node("text", { x, y: y + 3.5 + 11 * (index + (1 - lines.length) / 2) }, line));
    this.svg.append(group);
    return group;
  }

  /** @param {State[]} states all states from the start of the connection until now */
  show(states) {
    const path = states.map((state) => this.placeIn(state)).filter((place, index, all) => place !== "" && place !== all[index - 1]);
    const latest = states.at(-1);
    const here = latest === undefined ? "" : this.placeIn(latest);
    for (const [name, group] of this.nodes) {
      group.classList.toggle("here", name === here);
      group.classList.toggle("been", path.includes(name));
    }
    const taken = new Set(path.slice(1).map((place, index) => `${path[index]} ${place}`));
    for (const [name, edge] of this.edges) edge.classList.toggle("taken", taken.has(name));
    this.svg.setAttribute("aria-label", `${this.title}: ${here === "" ? "not in this diagram" : here.replace("_", " / ")}`);
  }
}

/** @type {{ role: string, diagrams: Diagram[] }} */
let drawn = { role: "", diagrams: [] };

/** @param {HTMLElement} place @param {"client" | "server"} role @param {State[]} states */
export function showStates(place, role, states) {
  if (drawn.role !== role) {
    const diagrams = /** @type {const} */ (["directions", "exchange", "upgrade"]).map((name) => new Diagram(name, STATES[role][name]));
    drawn = { role, diagrams };
    place.replaceChildren(...diagrams.map(({ figure }) => figure));
  }
  for (const diagram of drawn.diagrams) diagram.show(states);
}
