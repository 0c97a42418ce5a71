// What a plot draws beside its lines, on uPlot's canvas.
import type uPlot from "uplot";
import { colour } from "./theme";

// Mark is drawn across the plot.
export type Mark =
	| { kind: "level"; at: number; colour: string; name: string } // a threshold
	| { kind: "band"; from: number; to: number; colour: string; name: string; edge?: "top" | "bottom" } // from one time to another; of an edge, as a strip there
	| Moment;

// Moment is something that happened.
export interface Moment {
	kind: "event";
	at: number;
	colour: string;
	name: string;
	id?: string;
	lit?: boolean; // it is pointed at elsewhere
	dashed?: boolean;
}

const strip = 4;
const cap = 5;

// under draws bands, which lie behind all else.
export function under(u: uPlot, marks: Mark[]): void {
	const c = u.ctx;
	const ratio = devicePixelRatio || 1;
	c.save();
	for (const m of marks) {
		if (m.kind !== "band") continue;
		const left = Math.max(u.valToPos(m.from, "x", true), u.bbox.left);
		const right = Math.min(u.valToPos(m.to, "x", true), u.bbox.left + u.bbox.width);
		if (right <= left) continue;
		c.fillStyle = colour(m.colour);
		const high = m.edge ? strip * ratio : u.bbox.height;
		c.fillRect(left, m.edge === "bottom" ? u.bbox.top + u.bbox.height - high : u.bbox.top, right - left, high);
	}
	c.restore();
}

// over draws thresholds, events, and the time that was picked.
export function over(u: uPlot, marks: Mark[], pin: number | undefined): void {
	const c = u.ctx;
	const ratio = devicePixelRatio || 1;
	c.save();
	c.beginPath();
	c.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
	c.clip();
	for (const m of marks) if (m.kind === "level") level(u, m.at, m.name, m.colour, ratio);
	for (const m of apart(marks, (t) => u.valToPos(t, "x"))) moment(u, m, ratio);
	if (pin !== undefined) {
		c.strokeStyle = colour("ink");
		line(u, pin, ratio * 1.5, []);
	}
	c.restore();
}

const least = 3; // pixels

// apart leaves out events that would cover others of their colour, and has those that are pointed at last, on top.
export function apart(marks: Mark[], place: (at: number) => number): Moment[] {
	const last = new Map<string, number>();
	const kept: Moment[] = [];
	for (const m of marks.filter((m) => m.kind === "event").sort((a, b) => a.at - b.at)) {
		const x = place(m.at);
		if (!m.lit && x - (last.get(m.colour) ?? -Infinity) < least) continue;
		last.set(m.colour, x);
		kept.push(m);
	}
	return kept.sort((a, b) => Number(a.lit ?? false) - Number(b.lit ?? false));
}

function level(u: uPlot, at: number, name: string, of: string, ratio: number): void {
	const c = u.ctx;
	const y = u.valToPos(at, "y", true);
	const right = u.bbox.left + u.bbox.width;
	c.strokeStyle = colour(of);
	c.lineWidth = ratio;
	c.setLineDash([6 * ratio, 4 * ratio]);
	c.beginPath();
	c.moveTo(u.bbox.left, y);
	c.lineTo(right, y);
	c.stroke();
	c.font = `${11 * ratio}px system-ui, sans-serif`;
	c.textAlign = "left"; // the newest, which one looks at most, is at the right
	const above = y - u.bbox.top > 16 * ratio;
	c.textBaseline = above ? "bottom" : "top";
	// What lies under the words is hidden, so that they can be read on any line.
	c.lineWidth = 3 * ratio;
	c.setLineDash([]);
	c.lineJoin = "round";
	c.strokeStyle = colour("surface");
	const [x, base] = [u.bbox.left + 5 * ratio, y + (above ? -2 : 3) * ratio];
	c.strokeText(name, x, base);
	c.fillStyle = colour(of);
	c.fillText(name, x, base);
}

function moment(u: uPlot, m: Moment, ratio: number): void {
	const c = u.ctx;
	const x = u.valToPos(m.at, "x", true);
	const size = (m.lit ? cap + 2 : cap) * ratio;
	c.strokeStyle = c.fillStyle = colour(m.colour);
	c.globalAlpha = m.lit ? 1 : 0.45;
	line(u, m.at, (m.lit ? 3 : 1) * ratio, m.dashed ? [3 * ratio, 3 * ratio] : []);
	c.globalAlpha = 1;
	c.beginPath();
	c.moveTo(x - size, u.bbox.top);
	c.lineTo(x + size, u.bbox.top);
	c.lineTo(x, u.bbox.top + size * 1.4);
	c.fill();
}

function line(u: uPlot, at: number, width: number, dash: number[]): void {
	const c = u.ctx;
	const x = u.valToPos(at, "x", true);
	c.lineWidth = width;
	c.setLineDash(dash);
	c.beginPath();
	c.moveTo(x, u.bbox.top);
	c.lineTo(x, u.bbox.top + u.bbox.height);
	c.stroke();
}

// eventAt is the event under the cursor; reached within some pixels.
export function eventAt(u: uPlot, marks: Mark[], left: number, within = 6): Moment | undefined {
	let found: Moment | undefined;
	let best = within;
	for (const m of marks) {
		if (m.kind !== "event") continue;
		const off = Math.abs(u.valToPos(m.at, "x") - left);
		if (off <= best) [found, best] = [m, off];
	}
	return found;
}
