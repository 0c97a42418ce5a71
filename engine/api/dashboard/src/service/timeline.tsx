// What was done to a service in the time that is shown, the newest first.
import { useState } from "preact/hooks";
import { ending, whyOf } from "../event";
import { change, length } from "../format";
import type { Event } from "../shapes";
import { now } from "../state";
import { Chip } from "../ui/chip";
import type { Loaded } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { Foreign, Name, Time } from "../ui/text";
import { toneOfEnding } from "../ui/tone";
import { ImpactOf } from "./impact_of";
import { unknown } from "./picture";
import type { Span } from "./range";

interface Props {
	service: string;
	events: Event[];
	load: Loaded<unknown>;
	full: boolean; // there may be older ones
	span: Span;
	several: boolean; // policies
	chosen: string | undefined;
	choose: (id: string | undefined) => void;
	light: (id: string | undefined) => void;
}

const page = 25;

export function Timeline(props: Props) {
	const { events, span, load, chosen } = props;
	const [most, setMost] = useState(page);
	const inside = events.filter((e) => overlaps(e, span) || e.id === chosen);
	const place = inside.findIndex((e) => e.id === chosen);
	const shown = inside.slice(0, Math.max(most, place + 1));
	const newest = events[0];
	return (
		<section class="card timeline" aria-labelledby="timeline">
			<h2 id="timeline">
				Events <span class="muted number">{load.value === undefined ? "" : inside.length}</span>
			</h2>
			{load.error !== undefined && <Failed error={load.error} again={load.again} />}
			{load.value === undefined && load.error === undefined && <Loading of="the events" />}
			{load.value !== undefined && inside.length === 0 && (
				<Empty title="Nothing was changed in this time.">
					{newest && (
						<span>
							The newest event was <Time at={newest.started} />.
						</span>
					)}
				</Empty>
			)}
			<ol>
				{shown.map((e) => (
					<Row key={e.id} {...props} e={e} />
				))}
			</ol>
			{shown.length < inside.length && (
				<button type="button" onClick={() => setMost(most + 100)}>
					Show more of {inside.length}
				</button>
			)}
			{props.full && (
				<p class="muted">
					The {events.length} newest of this service are shown here; the <a href={`/events?service=${encodeURIComponent(props.service)}`}>events</a> have all.
				</p>
			)}
		</section>
	);
}

function overlaps(e: Event, s: Span): boolean {
	const from = Date.parse(e.started) / 1000;
	const to = e.ended ? Date.parse(e.ended) / 1000 : Infinity;
	return to >= s.from && from <= s.to;
}

function Row({ e, chosen, choose, light, service, events, several }: Props & { e: Event }) {
	const open = e.id === chosen;
	const seconds = ((e.ended ? Date.parse(e.ended) : now.value) - Date.parse(e.started)) / 1000;
	const on = () => light(e.id);
	const off = () => light(undefined);
	return (
		<li id={"event-" + e.id} class={open ? "open" : undefined} onMouseEnter={on} onMouseLeave={off} onFocusCapture={on} onBlurCapture={off}>
			<div class="event">
				<Time at={e.started} />
				<strong class="number">{change(e.from, e.to)}</strong>
				<span>
					<Chip tone={toneOfEnding(ending(e))}>{ending(e)}</Chip>
				</span>
				<span class="reason">
					<Foreign text={whyOf(e) || unknown} />
					{e.error && (
						<span class="bad">
							{" "}
							<Foreign text={e.error} />
						</span>
					)}
					{e.ended && e.reached !== e.to && <span class="muted"> ended with {e.reached}</span>}
				</span>
				<span class="muted by">
					<Name text={e.actor || e.policy} />
					{several && e.actor !== `policy ${e.policy}` && (
						<>
							{" · "}
							<Name text={e.policy} />
						</>
					)}
				</span>
				<span class="muted number" title={e.ended ? "it took" : "so far"}>
					{length(seconds)}
				</span>
				<span class="links">
					<button type="button" class="link" aria-expanded={open} onClick={() => choose(open ? undefined : e.id)}>
						Impact
					</button>{" "}
					<a href={`/why/event/${encodeURIComponent(e.id)}`}>Why</a>
				</span>
			</div>
			{open && <ImpactOf service={service} e={e} events={events} />}
		</li>
	);
}
