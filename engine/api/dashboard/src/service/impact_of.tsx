// Performance impact: what a change did to each metric.
import { ask, at } from "../api";
import { length, number } from "../format";
import type { Event, Trends } from "../shapes";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { Spark } from "../ui/spark";
import { Name } from "../ui/text";
import type { Tone } from "../ui/tone";
import { around, aside, impactOf, others, type Impact, type Standing } from "./impact";
import { stamp } from "./range";
import { daemonNow } from "./span";
import { axisOf } from "./tail";

const points = 120;
const settled = 300; // seconds after the end in which more comes to be known

export function ImpactOf({ service, e, events }: { service: string; e: Event; events: Event[] }) {
	const ended = e.ended ? Date.parse(e.ended) / 1000 : undefined;
	const fresh = ended === undefined || daemonNow() < ended + settled;
	const got = useLoad((signal) => impact(service, e, signal), [service, e.id, e.ended], fresh ? 10_000 : 0);
	if (got.error !== undefined) return <Failed error={got.error} again={got.again} />;
	if (!got.value) return <Loading of="the impact" />;
	const { rows, span, long } = got.value;
	if (rows.length === 0) return <Empty title="The policy has no metrics now." />;
	const id = "impact-" + e.id;
	const mixed = others(e, events, span);
	return (
		<div class="impact">
			<p class="muted" id={id}>
				Performance impact: means of {length(long)} before it started and after it ended
				{ended !== undefined && span.to - ended < long - 1 && ` (so far ${length(span.to - ended)})`}
			</p>
			<div class="scroll" tabIndex={0} role="region" aria-labelledby={id}>
				<table aria-labelledby={id}>
					<thead>
						<tr>
							<th scope="col">Metric</th>
							<th scope="col" class="number">
								Before
							</th>
							<th scope="col" class="number">
								After
							</th>
							<th scope="col" class="number">
								Difference
							</th>
							<th scope="col">Its thresholds</th>
							<th scope="col" class="trend">
								Over this time
							</th>
						</tr>
					</thead>
					<tbody>
						{rows.map((r) => (
							<Row key={r.metric} r={r} />
						))}
					</tbody>
				</table>
			</div>
			{mixed > 0 && (
				<p class="muted">
					{mixed === 1 ? "Another change" : `${mixed} other changes`} of this service fell into the same time: what is seen is not this one's alone.
				</p>
			)}
		</div>
	);
}

async function impact(service: string, e: Event, signal: AbortSignal) {
	const now = daemonNow();
	// The windows are not known before there is an answer; the longest that one has makes it ask once more.
	let span = around(e, [], now);
	let t = await trends(service, span, signal);
	const metrics = t.trends.find((p) => p.policy === e.policy)?.metrics ?? [];
	const wide = around(e, metrics, now);
	if (wide.from < span.from) {
		span = wide;
		t = await trends(service, span, signal);
	}
	const trend = t.trends.find((p) => p.policy === e.policy);
	return { rows: trend ? impactOf(e, trend, axisOf(t), t.step, now) : [], span, long: aside(metrics) };
}

function trends(service: string, span: { from: number; to: number }, signal: AbortSignal): Promise<Trends> {
	return ask<Trends>("trends" + at([], { services: service, from: stamp(span.from), to: stamp(span.to), points }), { signal });
}

const tones: Record<Standing, Tone> = {
	inside: "good",
	"asks for more": "warn",
	"asks for less": "calm",
	"above target": "warn",
	"under target": "calm",
	"not known": "off",
	"no thresholds": "off",
};

function Row({ r }: { r: Impact }) {
	const say = (v: number | null) => (v === null ? <span class="muted">not known</span> : number(v));
	const sign = (r.difference ?? 0) > 0 ? "+" : "";
	return (
		<tr>
			<th scope="row">
				<Name text={r.metric} />
			</th>
			<td class="number">{say(r.before)}</td>
			<td class="number">{say(r.after)}</td>
			<td class="number">
				{r.difference !== null && sign}
				{say(r.difference)}
				{r.share !== null && <span class="muted"> {sign + Math.round(r.share * 100)} %</span>}
			</td>
			<td>
				<Chip tone={tones[r.now]}>{r.now}</Chip>
			</td>
			<td class="trend">
				<Spark values={r.values} up={r.up} down={r.down} label={`${r.metric} around the change`} />
			</td>
		</tr>
	);
}
