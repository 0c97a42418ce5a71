// How what the stream tells is folded into what is known. Pure: what comes out is new where it differs.
import type { Entry, PolicyStatus, Reading, Status } from "./shapes";

// mostEntries is how many of the newest entries are kept here; the rest is asked for.
export const mostEntries = 500;

// withPolicies puts policies in their places, all of them in one pass. A new one comes where its name belongs. What the fleet has is
// counted along: each policy that acts has a service of its own.
export function withPolicies(s: Status, told: PolicyStatus[]): Status {
	if (told.length === 0) return s;
	const left = new Map(told.map((p) => [p.name, p]));
	let replicas = s.fleet.replicas;
	const policies = s.policies.map((before) => {
		const p = left.get(before.name);
		if (!p) return before;
		left.delete(p.name);
		if (p.mode !== "shadow" && before.mode !== "shadow") replicas += p.currentReplicas - before.currentReplicas;
		return p;
	});
	if (left.size > 0) policies.push(...left.values());
	if (left.size > 0) policies.sort((a, b) => (a.name < b.name ? -1 : 1));
	return { ...s, policies, fleet: { ...s.fleet, replicas } };
}

// withStatus takes a status that was asked for. What the stream told of a policy in the meantime is newer.
export function withStatus(known: Status | undefined, asked: Status): Status {
	const before = new Map((known?.policies ?? []).map((p) => [p.name, p]));
	const newer = asked.policies.flatMap((p) => {
		const k = before.get(p.name);
		return k && Date.parse(k.lastEvaluation ?? "") > Date.parse(p.lastEvaluation ?? "") ? [k] : [];
	});
	return withPolicies(asked, newer);
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
