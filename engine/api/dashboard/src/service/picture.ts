// What is drawn of the trends of a service: lines and marks. Pure.
import type { Point } from "../fold";
import { ending, whyOf } from "../event";
import { change, length, number } from "../format";
import type { Event, MetricTrend, Trend, Trends } from "../shapes";
import type { Line, Mark, Moment } from "../ui/plot";
import { toneOfEnding } from "../ui/tone";
import { levelsOf } from "./impact";
import type { Span } from "./range";
import { axisOf, edgeWith, laterThan, replicasWith, shareOf, valuesWith, type Count, type Values } from "./tail";
import { joined, waitsOf, type Waits } from "./waits";

// Picture is all of it, on one axis.
export interface Picture {
	trend: Trend; // of the policy that is looked at
	times: number[];
	later: number; // how many of the times came live
	replicas: Line[]; // of all policies
	metrics: { values: Values; low: Values | undefined; high: Values | undefined }[];
	own: Values; // its replicas
}

// picture puts what came live behind what was asked for. Where it is not live, that is left out.
export function picture(t: Trends, policy: string, points: (metric: string) => Point[], counts: (policy: string) => Count[], live: boolean): Picture | undefined {
	const trend = t.trends.find((p) => p.policy === policy);
	if (!trend) return undefined;
	const axis = axisOf(t);
	const told = trend.metrics.map((m) => points(m.metric));
	const seen = counts(policy).map((c) => ({ at: c.at, value: c.replicas }));
	const later = live ? laterThan(axis, [...told, seen], t.step) : [];
	const edge = (values: (number | null)[] | undefined) => values && edgeWith(values, axis.length, later);
	return {
		trend,
		times: [...axis, ...later],
		later: later.length,
		replicas: t.trends.map((p) => lineOf(p, replicasWith(p, axis.length, counts(p.policy), later), t.trends.length > 1)),
		metrics: trend.metrics.map((m, i) => ({ values: valuesWith(m, axis.length, told[i] ?? [], later), low: edge(m.low), high: edge(m.high) })),
		own: replicasWith(trend, axis.length, counts(policy), later),
	};
}

function lineOf(p: Trend, values: Values, several: boolean): Line {
	const shadow = p.mode === "shadow";
	return { name: shadow ? `${p.policy} would have` : several ? p.policy : "replicas", values, colour: shadow ? "old" : "replicas", step: true, dashed: shadow, width: 2, write: String };
}

// Drawing is what stands beside the lines, of each plot.
export interface Drawing {
	waits: Waits;
	replicas: Mark[];
	metrics: { name: string; about: string; lines: Line[]; marks: Mark[] }[];
}

// drawing has the changes of all policies, and the cooldowns of the one that is looked at.
export function drawing(p: Picture, events: Event[], lit: string | undefined): Drawing {
	const waits = waitsOf(events.filter((e) => e.policy === p.trend.policy), p.trend.cooldown);
	const moments = eventMarks(events, lit);
	const bounds: Level[] = [[`min ${p.trend.minReplicas}`, p.trend.minReplicas, "muted"], [`max ${p.trend.maxReplicas}`, p.trend.maxReplicas, "muted"]];
	return {
		waits,
		replicas: [...waitMarks(waits, true), ...levelMarks(bounds), ...moments],
		metrics: p.trend.metrics.map((_, i) => {
			const { levels, ...m } = linesOf(p, i);
			return { ...m, marks: [...waitMarks(waits, false), ...levelMarks(levels), ...moments] };
		}),
	};
}

type Level = [name: string, at: number, colour: string];

// linesOf are the lines and levels of one metric.
export function linesOf(p: Picture, i: number): { name: string; about: string; lines: Line[]; levels: Level[] } {
	const [m, drawn] = [p.trend.metrics[i], p.metrics[i]];
	if (!m || !drawn) return { name: "", about: "", lines: [], levels: [] };
	const lines: Line[] = [{ name: m.metric, values: drawn.values, colour: "series", write: number, ...(drawn.low && drawn.high ? { band: { low: drawn.low, high: drawn.high } } : {}) }];
	const { up, down } = levelsOf(m);
	const levels: Level[] = [];
	if (up !== undefined) levels.push([`scaleUp ${number(up)}`, up, "up"]);
	if (down !== undefined) levels.push([`scaleDown ${number(down)}`, down, "down"]);
	if (m.target !== undefined) {
		if (m.scope === "total") lines.push({ name: "target", values: shareOf(m.target, p.own), colour: "up", dashed: true, step: true, write: number });
		else levels.push([`target ${number(m.target)}`, m.target, "up"]);
	}
	return { name: m.metric, about: aboutOf(m), lines, levels };
}

// aboutOf says in a line what the numbers are.
export function aboutOf(m: MetricTrend): string {
	const parts = [`${m.aggregation} over ${length(m.windowSeconds)}`];
	if (m.comparison === "percentage_change")
		parts.push([m.scaleUp !== undefined && `scaleUp above ${number(m.scaleUp)} % change`, m.scaleDown !== undefined && `scaleDown under ${number(m.scaleDown)} %`].filter(Boolean).join(", "));
	else if (m.comparison === "less_than") parts.push("low asks for more");
	if (m.target !== undefined && m.scope === "total") parts.push(`target ${number(m.target)} for each replica`);
	return parts.filter((p) => p !== "").join(" · ");
}

function levelMarks(levels: Level[]): Mark[] {
	return levels.map(([name, at, colour]) => ({ kind: "level", name, at, colour }));
}

// waitMarks are bands where a direction waits, and which ones at the edges.
export function waitMarks(w: Waits, edges: boolean): Mark[] {
	const band = (colour: string, name: string, edge?: "top" | "bottom") => (s: Span): Mark => ({ kind: "band", ...s, colour, name, ...(edge ? { edge } : {}) });
	const all = joined([...w.up, ...w.down]).map(band("band", "a cooldown runs"));
	return edges ? [...all, ...w.up.map(band("up", "up waits", "top")), ...w.down.map(band("down", "down waits", "bottom"))] : all;
}

const colours = { good: "good", bad: "bad", warn: "warn", busy: "busy", calm: "muted", off: "muted" };

export function eventMarks(events: Event[], lit: string | undefined): Moment[] {
	return events.map((e) => ({
		kind: "event",
		at: Date.parse(e.started) / 1000,
		colour: colours[toneOfEnding(ending(e))],
		name: `${change(e.from, e.to)} ${ending(e)}: ${short(whyOf(e) || unknown, 120)}`,
		id: e.id,
		lit: e.id === lit,
		dashed: e.mode === "shadow",
	}));
}

export const unknown = "no reason is on record";

function short(text: string, most: number): string {
	return text.length > most ? text.slice(0, most - 1) + "…" : text;
}
