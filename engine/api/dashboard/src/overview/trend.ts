// How the recorded trend of a metric and what was read since become one line.
import type { Point } from "../fold";
import type { MetricTrend, Trend } from "../shapes";

// Kept is a trend with the axis it lies on: value i is as of from + i·step, in seconds since 1970.
export interface Kept {
	from: number;
	step: number;
	trend: Trend;
}

export const points = 60; // of a small line
export const stretch = 3600; // seconds that it shows

// merged are the newest values up to a time, one a step. What is recorded comes first; where nothing is, the last of what was
// read live in that step, or null.
export function merged(values: (number | null)[], from: number, step: number, live: Point[], until: number): (number | null)[] {
	const end = Math.max(values.length - 1, Math.ceil((until - from) / step));
	const begin = end - points + 1;
	const told = new Map<number, number | null>();
	for (const p of live) told.set(Math.ceil((p.at - from) / step), p.value);
	return Array.from({ length: points }, (_, i) => values[begin + i] ?? told.get(begin + i) ?? null);
}

// bare is the axis of what was only read live.
export function bare(until: number): { from: number; step: number } {
	const step = stretch / points;
	return { from: (Math.ceil(until / step) - points + 1) * step, step };
}

// Bounds are what a metric is held against, where that is a value of its own.
export interface Bounds {
	up?: number | undefined;
	down?: number | undefined;
	target?: number | undefined;
	falling: boolean; // low values call for more replicas
}

export function boundsOf(m: MetricTrend | undefined): Bounds {
	const change = m?.comparison === "percentage_change";
	return {
		up: change ? undefined : m?.scaleUp,
		down: change ? undefined : m?.scaleDown,
		target: m?.scope === "total" ? undefined : m?.target,
		falling: m?.comparison === "less_than",
	};
}

// crossed says which threshold a value is beyond. Crossing is strict.
export function crossed(value: number | undefined, b: Bounds): "scaleUp" | "scaleDown" | undefined {
	if (value === undefined) return undefined;
	const way = b.falling ? -1 : 1;
	if (b.up !== undefined && way * (value - b.up) > 0) return "scaleUp";
	if (b.down !== undefined && way * (value - b.down) < 0) return "scaleDown";
	return undefined;
}

// due are the services to ask for again, at most so many: those that were never asked for, or too long ago.
export function due(services: string[], asked: Map<string, number>, now: number, fresh: number, most: number): string[] {
	const old = services.filter((s) => now - (asked.get(s) ?? -Infinity) >= fresh);
	return [...new Set(old)].slice(0, most);
}
