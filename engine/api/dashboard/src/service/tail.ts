// The trends that were asked for, with what came live since. Pure.
import type { Point } from "../fold";
import type { MetricTrend, Trend, Trends } from "../shapes";

export type Values = (number | null | undefined)[];

// Count is how many replicas there were from a time on.
export interface Count {
	at: number;
	replicas: number;
}

const mostCounts = 500;

// withCount appends a count that was told; one that says nothing new changes nothing.
export function withCount(counts: Count[], at: number, replicas: number): Count[] {
	const last = counts.at(-1);
	if (Number.isNaN(at) || (last && (last.at >= at || last.replicas === replicas))) return counts;
	return [...counts.slice(-(mostCounts - 1)), { at, replicas }];
}

// axisOf are the times of the trends, in seconds since 1970.
export function axisOf(t: Trends): number[] {
	const from = Date.parse(t.from) / 1000;
	const most = Math.max(0, ...t.trends.flatMap((p) => [p.replicas.length, ...p.metrics.map((m) => m.values.length)]));
	return Array.from({ length: most }, (_, i) => from + i * t.step);
}

// laterThan are the times of points behind the end of an axis, no closer to each other than a step: a tail that is finer
// than the rest would look wilder than it is. The newest is always there.
export function laterThan(axis: number[], points: Point[][], step: number): number[] {
	let last = axis.at(-1) ?? -Infinity;
	const times = [...new Set(points.flatMap((p) => p.map((o) => o.at)))].filter((t) => t > last).sort((a, b) => a - b);
	return times.filter((t, i) => {
		if (t - last < step && i < times.length - 1) return false;
		last = t;
		return true;
	});
}

// valuesWith are a metric's values, with those of its points at the later times. A time at which it has none is no gap.
export function valuesWith(m: MetricTrend, length: number, points: Point[], later: number[]): Values {
	const of = new Map(points.map((p) => [p.at, p.value]));
	return [...padded(m.values, length), ...later.map((t) => of.get(t))];
}

// edgeWith is the low or high edge of a metric's band, which what came live does not have.
export function edgeWith(edge: (number | null)[], length: number, later: number[]): Values {
	return [...padded(edge, length), ...later.map(() => null)];
}

// replicasWith are a policy's replicas, with what was told since.
export function replicasWith(t: Trend, length: number, counts: Count[], later: number[]): Values {
	let held = t.replicas.findLast((v) => v !== null) ?? null;
	let i = 0;
	return [
		...padded(t.replicas, length),
		...later.map((at) => {
			for (let c = counts[i]; c && c.at <= at; c = counts[++i]) held = c.replicas;
			return held;
		}),
	];
}

// shareOf is what a target that is meant for each replica's share comes to for all of them.
export function shareOf(target: number, replicas: Values): Values {
	return replicas.map((n) => (n === null || n === undefined ? n : n * target));
}

function padded(values: (number | null)[], length: number): Values {
	return values.length >= length ? values.slice(0, length) : [...values, ...Array<null>(length - values.length).fill(null)];
}

// known says whether there is any value at all.
export function known(t: Trends): boolean {
	return t.trends.some((p) => p.replicas.some((v) => v !== null) || p.metrics.some((m) => m.values.some((v) => v !== null)));
}
