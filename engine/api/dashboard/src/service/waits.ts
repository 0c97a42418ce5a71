// When cooldowns ran, from the events that started them. Pure.
import type { Event } from "../shapes";
import type { Span } from "./range";

export interface Waits {
	up: Span[];
	down: Span[];
}

export interface Lengths {
	upSeconds: number;
	downSeconds: number;
}

// waitsOf follows the rule of the guard: after a scale-up both directions wait, after a scale-down only down does, and after
// what a person asked for both do. What was put back leaves up free, and what somebody else did starts nothing.
export function waitsOf(events: Event[], cooldown: Lengths): Waits {
	const waits: Waits = { up: [], down: [] };
	for (const e of events) {
		const end = Date.parse(e.ended ?? "") / 1000;
		if (Number.isNaN(end) || e.result === "seen") continue;
		const kind = e.request?.kind;
		const byHand = kind !== undefined && kind !== "restore";
		if (byHand || (kind === undefined && e.action === "scale_up")) waits.up.push({ from: end, to: end + cooldown.upSeconds });
		waits.down.push({ from: end, to: end + cooldown.downSeconds });
	}
	return { up: joined(waits.up), down: joined(waits.down) };
}

// joined makes one of spans that touch, and leaves out those of no length. They come out in order.
export function joined(spans: Span[]): Span[] {
	const all: Span[] = [];
	for (const s of spans.filter((s) => s.to > s.from).sort((a, b) => a.from - b.from)) {
		const last = all.at(-1);
		if (last && s.from <= last.to) all[all.length - 1] = { from: last.from, to: Math.max(last.to, s.to) };
		else all.push(s);
	}
	return all;
}
