// What a change did to the metrics: each before it and after. Pure.
import type { Event, MetricTrend, Trend } from "../shapes";
import type { Span } from "./range";

// Impact is one metric before and after an event; null: not known.
export interface Impact {
	metric: string;
	before: number | null;
	after: number | null;
	difference: number | null;
	share: number | null; // of what was before: -0.25 is a quarter less
	now: Standing;
	values: (number | null)[]; // of all the time looked at
	up: number | undefined;
	down: number | undefined;
}

// Standing is where a metric is, seen from its thresholds.
export type Standing = "inside" | "asks for more" | "asks for less" | "above target" | "under target" | "not known" | "no thresholds";

const least = 300; // seconds
const near = 0.1; // of a target: what the rules take for it by default

// aside is how long before and after an event is looked at: 5 minutes, or the longest window where that is longer.
export function aside(metrics: MetricTrend[]): number {
	return Math.max(least, ...metrics.map((m) => m.windowSeconds));
}

// around is the time to ask for.
export function around(e: Event, metrics: MetricTrend[], now: number): Span {
	const [from, to] = times(e, now);
	const long = aside(metrics);
	return { from: Math.floor(from - long), to: Math.ceil(Math.min(Math.max(to + long, from + 1), now)) };
}

// impactOf compares. axis are the times of the trend's values, each of which tells of the step that ends there.
export function impactOf(e: Event, t: Trend, axis: number[], step: number, now: number): Impact[] {
	const [from, to] = times(e, now);
	return t.metrics.map((m) => {
		const long = aside([m]);
		const before = mean(m.values, axis, (at) => at <= from && at > from - long);
		const after = e.ended ? mean(m.values, axis, (at) => at - step >= to - step / 2 && at <= to + long + step / 2) : null;
		const difference = before === null || after === null ? null : after - before;
		const levels = levelsOf(m);
		return {
			metric: m.metric,
			before,
			after,
			difference,
			share: difference === null || !before ? null : difference / Math.abs(before),
			now: standing(m, after, lastOf(t.replicas)),
			values: m.values,
			up: levels.up,
			down: levels.down,
		};
	});
}

function times(e: Event, now: number): [number, number] {
	const from = Date.parse(e.started) / 1000;
	const to = e.ended ? Date.parse(e.ended) / 1000 : now;
	return [from, Math.max(from, to)];
}

// mean is of what is known in a stretch; null where nothing is.
function mean(values: (number | null)[], axis: number[], inside: (at: number) => boolean): number | null {
	let sum = 0;
	let n = 0;
	axis.forEach((at, i) => {
		const v = values[i];
		if (v === null || v === undefined || !inside(at)) return;
		sum += v;
		n++;
	});
	return n === 0 ? null : sum / n;
}

function lastOf(values: (number | null)[]): number | null {
	return values.findLast((v) => v !== null) ?? null;
}

// levelsOf are the thresholds that can be drawn: those of a change in percent are no values of the metric.
export function levelsOf(m: MetricTrend): { up: number | undefined; down: number | undefined } {
	return m.comparison === "percentage_change" ? { up: undefined, down: undefined } : { up: m.scaleUp, down: m.scaleDown };
}

// standing compares as the rules do: strictly.
export function standing(m: MetricTrend, value: number | null, replicas: number | null): Standing {
	if (m.target !== undefined) {
		const target = m.scope === "total" ? (replicas === null ? null : m.target * replicas) : m.target;
		if (value === null || target === null) return "not known";
		if (Math.abs(value - target) <= near * Math.abs(target)) return "inside";
		return value > target ? "above target" : "under target";
	}
	const { up, down } = levelsOf(m);
	if (up === undefined && down === undefined) return "no thresholds";
	if (value === null) return "not known";
	const beyond = (level: number | undefined, above: boolean) => level !== undefined && (above ? value > level : value < level);
	const less = m.comparison === "less_than";
	if (beyond(up, !less)) return "asks for more";
	return beyond(down, less) ? "asks for less" : "inside";
}

// others counts the changes that were begun, or went on, in the same time: what is found is then not one change's alone.
export function others(e: Event, events: Event[], span: Span): number {
	return events.filter((o) => {
		if (o.id === e.id || o.mode !== e.mode) return false;
		const [from, to] = times(o, span.to);
		return to >= span.from && from <= span.to;
	}).length;
}
