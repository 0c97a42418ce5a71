// The story as plain text, to be pasted where there is no browser.
import { ending } from "../event";
import { length, number } from "../format";
import type { Explanation } from "../shapes";
import { asked, by, count, how, quiet, seconds, telling, told, took, unchanged, voice, wish, type Line } from "./story";

const markOf: Record<string, string> = { holds: "✓", fails: "✗", breaks: "!" };

// words writes all of it, from top to bottom.
export function words(e: Explanation, link: string, now = false): string {
	const parts = [head(e), metrics(e), rules(e), guard(e), applied(e), alternatives(e, now), link];
	return parts.filter((p) => p !== "").join("\n\n") + "\n";
}

function head(e: Explanation): string {
	const r = e.record;
	const d = r.decision;
	let at = "decided at " + seconds(r.at);
	if (e.count && e.count > 1 && e.last) at += `, and ${count(e.count - 1, "more time")} up to ${seconds(e.last)}`;
	if (e.decision) at += ` (decision ${e.decision})`;
	if (r.mode === "shadow") at += ", in shadow: nothing was touched";
	if (e.file) at += ", by the policy at " + e.file;
	return lines([
		`${r.policy}: ${r.service} ${d.action}, ${d.from} → ${d.to}: ${d.reason}`,
		indented(oneLine(d.message)),
		"  " + at,
		e.then ? "  " + by(e.then) : `  by revision ${r.revision}`,
		indented(asked(e)),
	]);
}

function metrics(e: Explanation): string {
	const n = e.record.snapshot.service.replicas;
	const windows = e.record.snapshot.schedule?.windows ?? [];
	return lines([
		`What was seen: ${count(n.current, "replica")}, ${n.ready} ready`,
		...(e.metrics ?? []).map((m) => {
			const value = m.reading.value === undefined ? m.reading.status : number(m.reading.value);
			return `  ${m.metric}  ${value}  ${[(m.bounds ?? []).join(", "), ...how(m, length)].filter((p) => p !== "").join("; ")}`.trimEnd();
		}),
		windows.length > 0 ? "  schedule: window " + windows.join(", ") : "",
	]);
}

function rules(e: Explanation): string {
	const r = e.record.recommendation;
	if (e.record.request && !r.action) return "";
	const voices = e.differs ? [] : (e.voices ?? []);
	return lines([
		`What the rules said: ${wish(r)}, confidence ${r.confidence.toFixed(2)}, priority ${r.priority}`,
		voices.length > 0 ? "  " + voices.map((v) => `${v.strategy}: ${voice(v, voices)}`).join(", ") : "",
		...(r.reasons ?? []).map((reason) => `  ${reason.code}  ${oneLine(reason.message)}`),
		indented(oneLine(r.error ?? "")),
		...traced(telling(e.rules ?? [])),
		indented(oneLine(e.rulesError ?? "")),
		indented(e.differs),
		indented(e.changed),
	]);
}

function traced(all: Line[]): string[] {
	let file = "";
	return all.flatMap((l) => {
		const head = l.file === file ? [] : ["  " + l.file];
		file = l.file;
		const values = l.values && l.values !== l.text ? "   # " + l.values : "";
		return [...head, `  ${String(l.line).padStart(5)} ${markOf[l.verdict] ?? "?"} ${l.head ? "" : "  "}${oneLine(l.text)}${values}`];
	});
}

function guard(e: Explanation): string {
	const trace = e.record.decision.trace ?? [];
	const said = trace.filter((s) => !quiet(s));
	if (said.length === 0) return `What the guard did: nothing, the wish passed all ${trace.length} stages`;
	return lines([
		"What the guard did:",
		...said.map((s) => `  ${s.stage}  ${s.from} → ${s.to}  ${oneLine([s.reason, s.message].filter(Boolean).join(": "))}`),
	]);
}

function applied(e: Explanation): string {
	const event = e.event;
	if (!event) return "";
	const lasted = took(event);
	return lines([
		`What was done: event ${event.id}: ${ending(event)}${lasted === undefined ? "" : ` after ${length(lasted)}, at ${event.reached}`}`,
		indented(oneLine(event.error ?? "")),
		...(event.log ? event.log.trimEnd().split("\n").map((l) => "  | " + l) : []),
	]);
}

function alternatives(e: Explanation, now: boolean): string {
	if (e.changed) return "";
	const none = unchanged(e);
	if (none !== undefined) return "What would change this: " + none;
	return lines(["What would change this:", ...(e.alternatives ?? []).map((a) => "  - " + oneLine(told(a, now)))]);
}

function lines(all: string[]): string {
	return all.filter((l) => l !== "").join("\n");
}

function indented(text: string | undefined): string {
	return text ? "  " + text : "";
}

function oneLine(text: string): string {
	return text.trim().replace(/\s*\n\s*/g, "; ");
}
