// What came of a trial, old beside new, and which is better.
import { length } from "../format";
import type { Figures } from "../shapes";

export type Verdict = "better" | "worse" | "same" | ""; // "": neither is better than the other

export interface Row {
	name: string;
	term?: string; // as the literature calls it
	about: string;
	old?: string;
	new: string;
	change?: string;
	share?: string; // of the old one
	verdict: Verdict;
}

interface Figure {
	of: keyof Figures;
	name: string;
	term?: string;
	about: string;
	write: (v: number) => string;
	more?: (v: number) => string; // of a difference, where that is written otherwise
	neutral?: boolean; // less of it is no better
}

const percent = (v: number) => (v !== 0 && Math.abs(v) < 0.05 ? "< 0.1 %" : `${v.toFixed(1)} %`);
const points = (v: number) => (v < 0.05 ? "< 0.1 points" : `${v.toFixed(1)} points`);
const count = (v: number) => String(Math.round(v));
const hours = (v: number) => `${v.toFixed(v < 10 ? 2 : 1)} h`;

const figures: Figure[] = [
	{ of: "violationSeconds", name: "Requests waited", about: "time in which requests waited longer than a second", write: (v) => length(v) },
	{ of: "replicaHours", name: "Replica-hours", about: "what it costs: the replicas that were ready or starting, and for how long", write: hours },
	{ of: "under", name: "Too few, by", term: "θU", about: "how far the replicas were under what was needed, over all the time", write: percent, more: points },
	{ of: "over", name: "Too many, by", term: "θO", about: "how far they were over what was needed", write: percent, more: points },
	{ of: "timeUnder", name: "Time with too few", term: "τU", about: "of all the time", write: percent, more: points },
	{ of: "timeOver", name: "Time with too many", term: "τO", about: "of all the time", write: percent, more: points },
	{ of: "changes", name: "Changes", about: "how often another number of replicas was ordered", write: count },
	{ of: "flapsPerHour", name: "Flaps an hour", about: "changes of direction within 10 minutes of the last change", write: (v) => v.toFixed(2) },
	{ of: "unstable", name: "Unstable", term: "υ", about: "time in which the replicas did not move with the need", write: percent, more: points },
	{ of: "meanReplicas", name: "Replicas on average", about: "ready ones", write: (v) => v.toFixed(1), neutral: true },
	{ of: "mostReplicas", name: "Replicas at most", about: "ready ones", write: count, neutral: true },
];

// compared are all figures. What is written alike is the same: nobody can see the difference.
export function compared(next: Figures, old: Figures | undefined): Row[] {
	return figures.map((f) => {
		const is = next[f.of];
		const row: Row = { name: f.name, about: f.about, new: f.write(is), verdict: "", ...(f.term ? { term: f.term } : {}) };
		if (!old) return row;
		const was = old[f.of];
		row.old = f.write(was);
		if (row.old === row.new) return { ...row, verdict: f.neutral ? "" : "same" };
		const by = Math.abs(is - was);
		row.change = (is < was ? "−" : "+") + (f.more ?? f.write)(by);
		const share = was > 0 ? Math.round((by / was) * 100) : 0;
		if (share > 0 && share < 1000) row.share = `${share} %`;
		if (!f.neutral) row.verdict = is < was ? "better" : "worse";
		return row;
	});
}

// summary says in a sentence what one pays, and what one gets for it.
export function summary(next: Figures, old: Figures | undefined): { text: string; verdict: Verdict } {
	if (!old) return { text: `Requests would have waited for ${length(next.violationSeconds)}, at ${hours(next.replicaHours)} of replicas.`, verdict: "" };
	const rows = compared(next, old);
	const [waits, costs] = [rows[0]?.verdict, rows[1]?.verdict];
	const wait = { better: `Requests wait ${length(old.violationSeconds - next.violationSeconds)} less`, worse: `Requests wait ${length(next.violationSeconds - old.violationSeconds)} longer` };
	const cost = { better: `${hours(old.replicaHours - next.replicaHours)} of replicas fewer`, worse: `${hours(next.replicaHours - old.replicaHours)} of replicas more` };
	const w = waits === "better" || waits === "worse" ? wait[waits] : "Requests wait as long as before";
	const c = costs === "better" || costs === "worse" ? cost[costs] : "as many replica-hours as before";
	return { text: `${w}, for ${c}.`, verdict: both(waits, costs) };
}

function both(a: Verdict | undefined, b: Verdict | undefined): Verdict {
	if (a === b) return a ?? "";
	if (a === "same") return b ?? "";
	if (b === "same") return a ?? "";
	return "";
}
