// What is asked of a trial, and how its answer lies on a plot.
import type { Line, Mark } from "../ui/plot";
import type { Disagreed, Outcome, Tried } from "../shapes";

export const ranges = ["1h", "6h", "24h", "7d"] as const;
export type Range = (typeof ranges)[number];

export interface Settings {
	last: Range;
	metric: string;
	capacity: string;
	constants: string;
}

// asked is the body of a trial. The policy goes into it as it was written, so that what is wrong is told where it stands; it has to
// be JSON. A string says what is wrong with the settings.
export function asked(policy: string, s: Settings): { body: string } | string {
	const more: Record<string, unknown> = { last: s.last };
	if (s.metric.trim()) more.metric = s.metric.trim();
	if (s.capacity.trim()) {
		const capacity = Number(s.capacity);
		if (!(capacity > 0)) return `the capacity is ${s.capacity.trim()}; allowed is a number of requests a minute over 0`;
		more.capacity = capacity;
	}
	const constants = constantsIn(s.constants);
	if (typeof constants === "string") return constants;
	if (Object.keys(constants).length > 0) more.constants = constants;
	return { body: withPolicy(policy, more) };
}

// withPolicy writes an object that has a policy in it, word for word.
export function withPolicy(policy: string, more: Record<string, unknown>): string {
	const fields = Object.entries(more).filter(([, v]) => v !== undefined);
	return `{${fields.map(([name, v]) => `${JSON.stringify(name)}: ${JSON.stringify(v)}, `).join("")}"policy": ${policy.trimStart()}}`;
}

// constantsIn reads memory = 50, errors = 0.1.
export function constantsIn(text: string): Record<string, number> | string {
	const all: Record<string, number> = {};
	for (const one of text.split(/[,\n]/).filter((t) => t.trim())) {
		const [name = "", value = "", ...rest] = one.split("=").map((t) => t.trim());
		const v = Number(value);
		if (!name || !value || rest.length > 0 || !Number.isFinite(v)) return `${one.trim()} is no metric with a number; write memory = 50, errors = 0.1`;
		all[name] = v;
	}
	return all;
}

// fine is how many points a plot has at least: areas slope from one point to the next, which nobody sees where they are many.
const fine = 600;

// drawn is an answer as a plot: what was needed, and the replicas of old and new, each from the fewest to the most of a step.
export function drawn(t: Tried): { times: number[]; lines: Line[]; marks: Mark[]; to: number } {
	const from = Date.parse(t.trace.from) / 1000;
	const count = Math.max(t.need.length, t.new.replicas.length, t.old?.replicas.length ?? 0);
	const parts = Math.max(1, Math.ceil(fine / Math.max(1, count)));
	const to = from + count * t.step;
	const times = Array.from({ length: count * parts + 1 }, (_, i) => from + (i * t.step) / parts);
	// The last value holds to the end.
	const held = (values: number[]) => times.map((_, i) => values[Math.min(Math.floor(i / parts), values.length - 1)] ?? null);
	const made = (o: Outcome) => {
		const line = { values: held(o.replicas), step: true };
		return o.low.some((v, i) => v !== o.replicas[i]) ? { ...line, band: { low: held(o.low), high: line.values } } : line;
	};
	const need = held(t.need);
	const lines: Line[] = [{ name: "needed", values: need, colour: "muted", step: true, width: 1, band: { low: need.map((v) => v && 0), high: need } }];
	if (t.old) lines.push({ name: "old", colour: "old", dashed: true, ...made(t.old) });
	lines.push({ name: "new", colour: "replicas", width: 2, ...made(t.new) });
	return { times, lines, marks: apart(t.decisions, t.step), to };
}

// apart are the stretches in which the decisions differ, each wide enough to be seen.
function apart(d: Disagreed | undefined, step: number): Mark[] {
	return (d?.first ?? []).map((s) => {
		const from = Date.parse(s.from) / 1000;
		return { kind: "band", from, to: Math.max(Date.parse(s.to) / 1000, from + step), colour: "band", name: "the decisions differ" };
	});
}

// differing says how many decisions do, as flyball diff does.
export function differing(d: Disagreed): string {
	if (d.differ === 0) return `None of ${many(d.total, "decision")} differs.`;
	const text = `${d.differ} of ${many(d.total, "decision")} differ in ${d.stretches === 1 ? "1 stretch" : d.stretches + " stretches"}, ${d.differInReplicas} of them in the number of replicas`;
	const n = d.first.length;
	return n > 0 && n < d.stretches ? `${text}; the first ${n} of these are listed.` : text + ".";
}

function many(n: number, of: string): string {
	return n === 1 ? `1 ${of}` : `${n} ${of}s`;
}
