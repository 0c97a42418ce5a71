// The plots of a service: its replicas, and each metric of the policy that is looked at, on one axis.
import { Fragment } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, at } from "../api";
import { when } from "../format";
import type { Event, PolicyStatus, Trends } from "../shapes";
import { now, readingsOf } from "../state";
import { useLoad } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { zoomed } from "../ui/axis";
import { Plot } from "../ui/plot";
import { Name } from "../ui/text";
import { useChange } from "./change";
import { drawing, picture } from "./picture";
import { presets, queryOf, seconds, stamp as written } from "./range";
import type { Time } from "./span";
import { known, withCount, type Count } from "./tail";

interface Props {
	service: string;
	policies: PolicyStatus[];
	shown: PolicyStatus;
	time: Time;
	events: Event[];
	stamp: string; // differs where an event was begun or ended
	lit: string | undefined;
	onEvent: (id: string | undefined) => void;
}

const sync = "service";

export function Plots(props: Props) {
	const { time, policies, shown } = props;
	const [pin, setPin] = useState<{ at: number; on: string } | undefined>();
	const box = useRef<HTMLElement>(null);
	const [width, setWidth] = useState(0);
	useEffect(() => setWidth(box.current?.clientWidth ?? 0), []);
	const trends = useTrends(props, width);
	const counts = useCounts(policies);
	const span = time.span(width || 600);
	const look = useMemo(
		() => trends.value && picture(trends.value, shown.name, (metric) => readingsOf(shown.name, metric), (policy) => counts.get(policy) ?? [], time.live),
		[trends.value, shown.name, time.live, policies],
	);
	const drawn = useMemo(() => look && drawing(look, props.events, props.lit), [look, props.events, props.lit]);
	const shared = {
		...span,
		sync,
		onZoom: time.zoom,
		onReset: time.live ? () => setPin(undefined) : time.toLive,
		onEvent: (m: { id?: string }) => props.onEvent(m.id),
		...(pin ? { pin: pin.at } : {}),
	};
	const why = (on: string) => pin?.on === on && <Why at={pin.at} policies={policies} close={() => setPin(undefined)} />;
	return (
		<section class="card plots" ref={box} aria-label="Over time" aria-busy={trends.loading}>
			<Bar time={time} />
			{policies.length > 1 && <Tabs {...props} />}
			{trends.error !== undefined && <Failed error={trends.error} again={trends.again} />}
			{!trends.value && trends.error === undefined && <Loading of="the history" />}
			{look && trends.value && !known(trends.value) && look.later === 0 && (
				<Empty title="Nothing is on record of this time.">{time.live ? "The plots fill as the policy is evaluated." : "It may be before flyball ran, or longer ago than it keeps."}</Empty>
			)}
			{drawn && look && trends.value && (known(trends.value) || look.later > 0) && (
				<>
					<h2>
						Replicas <small class="muted hint">drag in a plot to zoom, click to ask why</small>
					</h2>
					<Plot
						{...shared}
						title={`Replicas of ${props.service}`}
						times={look.times}
						lines={look.replicas}
						marks={drawn.replicas}
						zero
						whole
						height={170}
						onPick={(t) => setPin({ at: t, on: "" })}
					>
						{why("")}
					</Plot>
					<Key up={drawn.waits.up.length > 0} down={drawn.waits.down.length > 0} events={props.events.length > 0} />
					{drawn.metrics.map((m) => (
						<Fragment key={m.name}>
							<h2>
								<Name text={m.name} /> <small class="muted">{m.about}</small>
							</h2>
							<Plot
								{...shared}
								title={`${m.name} of ${props.service}`}
								times={look.times}
								lines={m.lines}
								marks={m.marks}
								zero
								height={160}
								onPick={(t) => setPin({ at: t, on: m.name })}
							>
								{why(m.name)}
							</Plot>
						</Fragment>
					))}
				</>
			)}
		</section>
	);
}

// useTrends asks for as many points as can be seen, again at times while it is live, and at once when an event is begun or
// ended. What was shown stays until there is an answer.
function useTrends({ service, time, stamp }: Props, width: number) {
	const points = Math.min(Math.max(Math.floor(width / 2), 60), 800);
	const q = queryOf(time.range);
	const rhythm = "last" in time.range ? Math.min(Math.max((time.range.last / points) * 1000, 10_000), 60_000) : 0;
	const got = useLoad(
		(signal) => {
			const query = "last" in time.range ? { last: q.last } : { from: written(time.range.from), to: written(time.range.to) };
			return ask<Trends>("trends" + at([], { services: service, ...query, points }), { signal });
		},
		[service, q.last, q.from, q.to, points, width > 0],
		rhythm,
	);
	useChange(stamp, () => time.live && got.again());
	const kept = useRef<Trends | undefined>(undefined);
	if (got.value) kept.current = got.value;
	return { ...got, value: kept.current };
}

// useCounts keeps how many replicas there were, as it was told.
function useCounts(policies: PolicyStatus[]): Map<string, Count[]> {
	const counts = useRef(new Map<string, Count[]>()).current;
	for (const p of policies) {
		const t = Date.parse(p.lastEvaluation ?? "") / 1000;
		counts.set(p.name, withCount(counts.get(p.name) ?? [], t, p.currentReplicas));
	}
	return counts;
}

function Bar({ time }: { time: Time }) {
	const last = "last" in time.range ? queryOf(time.range).last : undefined;
	return (
		<div class="toolbar bar">
			<div class="toolbar" role="group" aria-label="Range">
				{presets.map((p) => (
					<button type="button" aria-pressed={p === last} onClick={() => time.show({ last: seconds(p) ?? 3600 })}>
						{p}
					</button>
				))}
			</div>
			{"from" in time.range && (
				<span class="number">
					{when(time.range.from * 1000, now.value)} to {when(time.range.to * 1000, now.value)}
				</span>
			)}
			<div class="toolbar">
				{"from" in time.range && (
					<button type="button" class="primary" onClick={time.toLive}>
						Back to live
					</button>
				)}
				<Step name="Earlier" sign="‹" go={() => time.shift(-0.5)} />
				{"from" in time.range && <Step name="Later" sign="›" go={() => time.shift(0.5)} />}
				<Step name="Zoom out" sign="−" go={() => zoom(time, 2)} />
				<Step name="Zoom in" sign="+" go={() => zoom(time, 0.5)} />
			</div>
		</div>
	);
}

function Step({ name, sign, go }: { name: string; sign: string; go: () => void }) {
	return (
		<button type="button" class="step" aria-label={name} title={name} onClick={go}>
			{sign}
		</button>
	);
}

// zoom keeps the end where it is live, and the middle where it is not.
function zoom(time: Time, factor: number): void {
	const { from, to } = time.span(600);
	time.zoom(...zoomed(from, to, time.live ? to : (from + to) / 2, factor));
}

// Tabs choose whose metrics and thresholds are shown.
function Tabs({ policies, shown, time }: Props) {
	return (
		<div class="toolbar" role="group" aria-label="Metrics and thresholds of">
			{policies.map((p) => (
				<button type="button" aria-pressed={p.name === shown.name} onClick={() => time.policy(p.name)}>
					<Name text={p.name} /> {p.mode === "shadow" && "(shadow)"}
				</button>
			))}
		</div>
	);
}

// Key says what is drawn beside the lines.
function Key({ up, down, events }: { up: boolean; down: boolean; events: boolean }) {
	if (!up && !down && !events) return null;
	return (
		<p class="key muted">
			{events && <span>▾ a change, in the colour of its result</span>}
			{up && (
				<span>
					<i class="strip up" /> up waits
				</span>
			)}
			{down && (
				<span>
					<i class="strip down" /> down waits
				</span>
			)}
		</p>
	);
}

// Why offers what was decided at a time.
function Why({ at: t, policies, close }: { at: number; policies: PolicyStatus[]; close: () => void }) {
	const link = (of: string) => `/why/at/${encodeURIComponent(written(t))}?service=${encodeURIComponent(of)}`;
	return (
		<div class="why">
			<span class="number muted">{when(t * 1000, now.value)}</span>
			{policies.map((p) => (
				<a href={link(p.name)}>
					Why at this time?
					{policies.length > 1 && (
						<>
							{" "}
							<Name text={p.name} />
						</>
					)}
				</a>
			))}
			<button type="button" class="link" aria-label="Close" onClick={close}>
				close
			</button>
		</div>
	);
}

