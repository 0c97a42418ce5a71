// A decision as a story: what of an explanation is told, and in which words. They are those of flyball explain.
import type { Alternative, Event, Explanation, Step } from "../shapes";

export type Line = NonNullable<Explanation["rules"]>[number];
export type Voice = NonNullable<Explanation["voices"]>[number];
export type Told = NonNullable<Explanation["metrics"]>[number];
type Then = NonNullable<Explanation["then"]>;

// verdict is what was decided, in a few words.
export function verdict(e: Explanation): string {
	const d = e.record.decision;
	switch (d.action) {
		case "scale_up":
			return `scales up from ${d.from} to ${d.to}`;
		case "scale_down":
			return `scales down from ${d.from} to ${d.to}`;
	}
	return d.from === d.to ? `holds at ${d.to}` : `${d.action}, ${d.from} → ${d.to}`;
}

// wish is what a recommendation comes to: scale_up to 3, hold at 2.
export function wish(r: { action: string; replicas: number }): string {
	return r.action === "hold" ? `hold at ${r.replicas}` : `${r.action} to ${r.replicas}`;
}

export function count(n: number, one: string, many = one + "s"): string {
	return `${n} ${n === 1 ? one : many}`;
}

// asked says who wanted this in the place of the rules; undefined: the rules decided.
export function asked(e: Explanation): string | undefined {
	const r = e.record.request;
	if (!r) return undefined;
	const force = r.force ? ", by force: bounds and budget do not hold" : "";
	return `${r.kind} asked for by ${r.actor}: ${count(r.replicas, "replica")}${force}; the rules were not asked`;
}

// by says with which revision it is explained, where that is not the one at work.
export function by(t: Then, write: (at: string) => string = seconds): string {
	const commit = t.commit ? `, commit ${t.commit.slice(0, 12)}` : "";
	const now = t.now ? `now it is revision ${t.now}` : "there is no such policy now";
	return `by revision ${t.revision}, at work since ${write(t.since)}${commit}; ${now}`;
}

// took is how long an event lasted, in seconds; undefined: it has not ended, or there was nothing to last.
export function took(e: Pick<Event, "mode" | "started" | "ended">): number | undefined {
	if (e.mode === "shadow" || !e.ended) return undefined;
	return Math.max(0, (Date.parse(e.ended) - Date.parse(e.started)) / 1000);
}

// voice is what one of several strategies answers, and whose answer it is then.
export function voice(v: Voice, all: Voice[]): string {
	if (v.error) return "no usable answer, which is no vote for fewer";
	if (v.wins) return wish(v) + " wins";
	return wish(v) + (all.some((o) => o.wins && o.replicas === v.replicas) ? " too" : "");
}

// telling leaves out what held in a branch that did not, and what flyball's own strategies only compute.
export function telling(lines: Line[]): Line[] {
	let holds = true;
	return lines.filter((l) => {
		if (l.head) holds = l.verdict === "holds";
		const computes = l.file.startsWith("flyball/") && l.text.includes(" := ");
		return l.head || l.verdict !== "holds" || (holds && !computes);
	});
}

// byFile parts lines where the file is another.
export function byFile(lines: Line[]): { file: string; lines: Line[] }[] {
	const parts: { file: string; lines: Line[] }[] = [];
	for (const l of lines) {
		const last = parts.at(-1);
		if (last?.file === l.file) last.lines.push(l);
		else parts.push({ file: l.file, lines: [l] });
	}
	return parts;
}

// quiet says that a stage had nothing to say.
export function quiet(s: Step): boolean {
	return !s.reason && !s.message;
}

// runs parts the stages: each that spoke by itself, and those in between that did not together.
export function runs(trace: Step[]): { quiet: boolean; steps: Step[] }[] {
	const parts: { quiet: boolean; steps: Step[] }[] = [];
	for (const s of trace) {
		const last = parts.at(-1);
		if (quiet(s) && last?.quiet) last.steps.push(s);
		else parts.push({ quiet: quiet(s), steps: [s] });
	}
	return parts;
}

const gates = ["enabled", "stopped", "rollout", "drift"];

// guarded sums up what the guard did.
export function guarded(trace: Step[]): string {
	const said = trace.filter((s) => !quiet(s));
	const last = trace.at(-1);
	if (!last || said.length === 0) return `nothing: the wish passed all ${count(trace.length, "stage")}`;
	if (gates.includes(last.stage)) return `${last.stage} settled it: later stages were not asked`;
	return `${said.length} of ${count(trace.length, "stage")} spoke`;
}

// how says what else is known of a reading.
export function how(m: Told, write: (seconds: number) => string): string[] {
	const r = m.reading;
	if (r.detail) return [r.detail];
	const parts: string[] = [];
	if (r.age_seconds >= 0.5) parts.push(write(r.age_seconds) + " old");
	if (r.samples > 0) parts.push(count(r.samples, "sample"));
	return parts;
}

// unchanged says what would change it where nothing would; undefined: there are alternatives, or it is not known for another
// reason that is told.
export function unchanged(e: Explanation): string | undefined {
	if (e.changed || (e.alternatives ?? []).length > 0) return undefined;
	if (e.rulesError) return "What would change this is not known: the rules gave no usable answer.";
	return `Nothing that was tried would: ${tried(e)}.`;
}

function tried(e: Explanation): string {
	const request = e.record.request;
	if (request && request.kind !== "restore") return "leaving out any stage of the guard leads to the same";
	if (e.record.decision.action === "hold")
		return "other values of a metric, each stage of the guard, and the time until tomorrow all lead to the same";
	return "other values of a metric and each stage of the guard all lead to the same";
}

// waits are what has to be over for an alternative as well, each with the field that would change it.
export function waits(a: Alternative): { text: string; field: string | undefined; until: string | undefined }[] {
	return (a.once ?? []).map((w) => ({
		text: w.message || `${w.stage}: ${w.reason} is over`,
		field: w.field || undefined,
		until: w.until,
	}));
}

// eventId is what the event of a decision is called, where it began one.
export function eventId(e: Explanation): string | undefined {
	if (e.event) return e.event.id;
	const r = e.record;
	return r.decision.action === "hold" ? undefined : `${r.policy}-${Date.parse(r.at)}`;
}

// permanent is the path at which this decision is found tomorrow too.
export function permanent(e: Explanation): string {
	if (e.event) return `/why/event/${encodeURIComponent(e.event.id)}`;
	if (e.decision) return `/why/decision/${e.decision}`;
	return at(e.record.at, e.record.policy);
}

// at is the path of the decision of a policy or a service that held then.
export function at(time: string, of: string): string {
	return `/why/at/${encodeURIComponent(time)}?service=${encodeURIComponent(of)}`;
}

// newest is the path of the newest decision of a policy or a service, with what was read for it.
export function newest(of: string): string {
	return `/why/now/${encodeURIComponent(of)}`;
}

// told is what would change a decision. Of one of the past it says "then" of what was read for it, which was now only at the time.
export function told(a: Pick<Alternative, "message">, now: boolean): string {
	return now ? a.message : a.message.replace(/(; |\()now (?=[-+\d]|missing|stale|invalid)/g, "$1then ");
}

// before is the path of the one before. An instant of less than a millisecond earlier is within it.
export function before(e: Explanation): string {
	return at(new Date(Date.parse(e.record.at) - 1).toISOString(), e.record.policy);
}

// seconds writes a time as the command does, without parts of a second.
export function seconds(at: string): string {
	const t = Date.parse(at);
	return Number.isNaN(t) ? at : new Date(t).toISOString().slice(0, 19) + "Z";
}
