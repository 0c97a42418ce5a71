// How what the stream tells is folded into what is known. Pure: what comes out is new where it differs.
import type { Entry, PolicyStatus, Reading, Status } from "./shapes";

// mostEntries is how many of the newest entries are kept here; the rest is asked for.
export const mostEntries = 500;

// withPolicy puts a policy in its place. One that is new comes where its name belongs.
export function withPolicy(s: Status, p: PolicyStatus): Status {
	const i = s.policies.findIndex((o) => o.name === p.name);
	if (i >= 0) return { ...s, policies: s.policies.with(i, p) };
	const policies = [...s.policies, p].sort((a, b) => (a.name < b.name ? -1 : 1));
	return { ...s, policies };
}

// withEntry puts an entry in front, once.
export function withEntry(entries: Entry[], e: Entry): Entry[] {
	if (entries.some((o) => o.number === e.number)) return entries;
	const all = [e, ...entries];
	if (entries[0] && entries[0].number > e.number) all.sort((a, b) => b.number - a.number);
	return all.slice(0, mostEntries);
}

// Point is a reading that was told live.
export interface Point {
	at: number; // seconds since 1970
	value: number | null; // null: it was not ok
}

// mostPoints is how many of them are kept of a metric.
export const mostPoints = 240;

// withReading appends what a metric read; told again it is the same point.
export function withReading(points: Point[], at: number, r: Reading): Point[] {
	const last = points.at(-1);
	if (last && last.at >= at) return points;
	return [...points.slice(-(mostPoints - 1)), { at, value: r.status === "ok" ? (r.value ?? null) : null }];
}
