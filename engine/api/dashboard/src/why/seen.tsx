import { length, number } from "../format";
import { gathering } from "../reading";
import type { Explanation } from "../shapes";
import { Chip } from "../ui/chip";
import { Foreign, Name } from "../ui/text";
import { picture } from "./bounds";
import { count, how, type Told } from "./story";
import { Chapter } from "./told";

// Metrics is what was seen: each metric beside what the policy compares it with.
export function Metrics({ e }: { e: Explanation }) {
	const n = e.record.snapshot.service.replicas;
	const view = e.record.snapshot.service;
	const schedule = e.record.snapshot.schedule;
	const all = e.metrics ?? [];
	return (
		<Chapter
			title="What was seen"
			sum={`${count(n.current, "replica")}, ${n.ready} ready${n.starting > 0 ? `, ${n.starting} starting` : ""}, of ${e.record.terms.min} to ${e.record.terms.max}`}
		>
			{all.length === 0 ? (
				<p class="muted">The policy has no metrics.</p>
			) : (
				<ul class="metrics">
					{all.map((m) => (
						<Metric m={m} />
					))}
				</ul>
			)}
			{view.real ? <p class="muted">There are {count(view.real, "replica")} really: a shadow counts its own.</p> : null}
			{view.rollout && <Remark of="A rollout is under way" text={view.rollout} />}
			{view.no_room && <Remark of="No room for more" text={view.no_room} />}
			{(schedule?.windows ?? []).length > 0 && <Remark of="Schedule: window" text={(schedule?.windows ?? []).join(", ")} />}
			{schedule?.pause && <Remark of="The schedule pauses it" text={schedule.pause} />}
		</Chapter>
	);
}

function Remark({ of, text }: { of: string; text: string }) {
	return (
		<p class="muted" dir="auto">
			{of}: <Foreign text={text} />
		</p>
	);
}

function Metric({ m }: { m: Told }) {
	const r = m.reading;
	const ok = r.status === "ok";
	const part = gathering(r);
	return (
		<li>
			<div class="head">
				<strong>
					<Name text={m.metric} />
				</strong>
				<span class="reading">{r.value === undefined ? <Chip tone={part ? "off" : "warn"}>{part ? `gathering ${part}` : r.status}</Chip> : number(r.value)}</span>
			</div>
			{ok && <Bar m={m} />}
			<p class="bounds">
				{(m.bounds ?? []).map((b) => (
					<span class={/^(down|−)/.test(b) ? "is-down" : b.startsWith("target") ? "is-target" : "is-up"}>{b}</span>
				))}
				<span class="muted" dir="auto">
					<Foreign text={[...how(m, length), ...trend(m)].join(" · ")} most={300} />
				</span>
			</p>
		</li>
	);
}

// trend is what the rules may have looked at beside the value.
function trend({ reading: r }: Told): string[] {
	const parts: string[] = [];
	if (r.previous !== undefined) parts.push(`${number(r.previous)} the window before`);
	const slope = number(r.slope_per_minute);
	const steady = r.slope_per_minute === undefined || slope === "0";
	if (r.slope_per_minute !== undefined && !steady) parts.push(`${r.slope_per_minute > 0 ? "+" : ""}${slope} a minute`);
	if (r.expected !== undefined) parts.push(`${number(r.expected)} expected by the season`);
	return parts;
}

// Bar is the value against what it is compared with. The words beside it say the same.
function Bar({ m }: { m: Told }) {
	const p = picture(m.bounds ?? [], m.reading.value);
	if (!p) return null;
	const crossed = p.marks.find((one) => one.over);
	const left = Math.min(p.zero, p.value);
	return (
		<div class="bar" aria-hidden="true">
			<div class={`value ${crossed?.kind ?? ""}`} style={{ left: left + "%", width: Math.max(0.5, Math.abs(p.value - p.zero)) + "%" }} />
			{p.marks.map((one) => (
				<div class={`mark ${one.kind}`} style={{ left: one.at + "%" }} />
			))}
		</div>
	);
}
