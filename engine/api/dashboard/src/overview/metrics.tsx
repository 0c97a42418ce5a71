// The metrics of a policy, each as a small line of the last hour against its thresholds.
import { number } from "../format";
import { gathering, troubled } from "../reading";
import type { MetricTrend, PolicyStatus, Reading } from "../shapes";
import { readingsOf } from "../state";
import { Spark } from "../ui/spark";
import { Name, visible } from "../ui/text";
import { bare, boundsOf, crossed, merged, type Bounds, type Kept } from "./trend";

export function Metrics({ p, kept, most, tab }: { p: PolicyStatus; kept: Kept | undefined; most: number; tab: number }) {
	const names = kept ? kept.trend.metrics.map((m) => m.metric) : Object.keys(p.metrics ?? {});
	if (names.length === 0) return <span class="muted">none read yet</span>;
	const rest = names.slice(most);
	const bad = rest.filter((n) => p.metrics?.[n] && troubled(p.metrics[n])).length;
	return (
		<>
			{names.slice(0, most).map((name) => (
				<Metric key={name} p={p} name={name} kept={kept} />
			))}
			{rest.length > 0 && (
				<a
					class={bad > 0 ? "rest bad" : "rest"}
					href={"/services/" + encodeURIComponent(p.service)}
					tabIndex={tab}
					title={visible(rest.join(", ").slice(0, 500))}
					aria-label={`${rest.length} more metrics` + (bad > 0 ? `, ${bad} of them not ok` : "")}
				>
					+{rest.length}
				</a>
			)}
		</>
	);
}

function Metric({ p, name, kept }: { p: PolicyStatus; name: string; kept: Kept | undefined }) {
	const m = kept?.trend.metrics.find((t) => t.metric === name);
	const reading = p.metrics?.[name];
	const bounds = boundsOf(m);
	return (
		<div class="metric">
			<span class="oneline">
				<Name text={name} /> <Value reading={reading} bounds={bounds} />
			</span>
			<Spark values={line(p, name, kept, m)} up={bounds.up ?? bounds.target} down={bounds.down} label={told(name, reading, bounds)} />
		</div>
	);
}

// line reaches up to the last reading, whose time is that of what is live.
function line(p: PolicyStatus, name: string, kept: Kept | undefined, m: MetricTrend | undefined): (number | null)[] {
	const live = readingsOf(p.name, name);
	const until = Math.max(live.at(-1)?.at ?? 0, kept ? kept.from + ((m?.values.length ?? 1) - 1) * kept.step : 0);
	const { from, step } = kept ?? bare(until);
	return merged(m?.values ?? [], from, step, live, until);
}

function Value({ reading, bounds }: { reading: Reading | undefined; bounds: Bounds }) {
	if (!reading) return <span class="muted">–</span>;
	const part = gathering(reading);
	if (part)
		return (
			<span class="muted" title={visible((reading.detail ?? "").slice(0, 500))}>
				gathering {part}
			</span>
		);
	if (reading.status !== "ok")
		return (
			<span class="reading bad" title={visible((reading.detail ?? "").slice(0, 500))}>
				{reading.status}
			</span>
		);
	const beyond = crossed(reading.value, bounds);
	return (
		<span class={"reading " + (beyond ?? "")} title={beyond && `beyond ${beyond}`}>
			{number(reading.value)}
			{beyond && <span aria-hidden="true">{beyond === "scaleUp" ? " ▲" : " ▼"}</span>}
		</span>
	);
}

// told says all of it to who does not see the line.
function told(name: string, reading: Reading | undefined, b: Bounds): string {
	const part = reading && gathering(reading);
	const value = part ? `gathering, ${part} samples` : reading?.status === "ok" ? number(reading.value) : (reading?.status ?? "not read yet");
	const beyond = crossed(reading?.value, b);
	const parts = [
		`${visible(name)}: ${value}`,
		b.up !== undefined && `scaleUp ${number(b.up)}`,
		b.down !== undefined && `scaleDown ${number(b.down)}`,
		b.target !== undefined && `target ${number(b.target)}`,
		beyond && `beyond ${beyond}`,
	];
	return parts.filter(Boolean).join(", ");
}
