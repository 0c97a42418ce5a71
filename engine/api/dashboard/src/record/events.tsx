import "./record.css";
import { useEffect, useRef } from "preact/hooks";
import { ask, at } from "../api";
import { ending, whyOf } from "../event";
import { change, length, whole } from "../format";
import type { Event } from "../shapes";
import { entries, minute, status } from "../state";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { useTitle } from "../ui/title";
import { Foreign, Name, Time, visible } from "../ui/text";
import { toneOfEnding } from "../ui/tone";
import { took } from "../why/story";
import { actions, fields, limitOf, matching, more, mostEvents, ranges, reach, results, tally, type Asked } from "./happened";
import { Choice, Filter, useFilter, Written, type Filtered } from "./filter";
import { some } from "./query";
import { Fact, Link, Row } from "./row";

interface Answer {
	history: Event[];
}

// Listing is what was asked for, and what came of it.
interface Listing {
	of: string; // a service; empty: all
	limit: number;
	events: Event[];
}

// Events lists what was scaled, of all services or of one, the newest first.
export function Events() {
	const filter = useFilter(fields);
	const { asked } = filter;
	const limit = limitOf(asked);
	const of = asked.service;
	const path = at(of ? ["history", of] : ["history"], { limit });
	const told = useLoad<Listing>(async (signal) => ({ of, limit, events: (await ask<Answer>(path, { signal })).history }), [path]);
	useNews(of, limit, told.again);
	useTitle("Events");
	// What is there stays while more is asked for.
	const kept = useRef<Listing | undefined>(undefined);
	const began = useRef("");
	if (kept.current?.of !== of) kept.current = undefined;
	if (told.value?.of === of) {
		if (!kept.current) began.current = told.value.events[0]?.started ?? "";
		kept.current = told.value;
	}
	const listing = kept.current;
	return (
		<>
			<Top filter={filter} />
			{told.error !== undefined && <Failed error={told.error} again={told.again} />}
			{told.error === undefined && !listing && <Loading of="events" />}
			{listing && <List listing={listing} asked={asked} began={began.current} filter={filter} loading={listing.limit !== limit} />}
		</>
	);
}

// useNews asks again when the stream tells of an event: soon, and the less often the more there is to ask for.
function useNews(of: string, limit: number, again: () => void): void {
	const newest = entries.value.find((e) => e.event && (of === "" || e.service === of))?.number ?? 0;
	const told = useRef(newest);
	const latest = useRef(again);
	latest.current = again;
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	useEffect(() => {
		if (newest === told.current || timer.current !== undefined) return;
		timer.current = setTimeout(() => {
			timer.current = undefined;
			told.current = entries.value.find((e) => e.event)?.number ?? 0;
			latest.current();
		}, 500 + limit * 5);
	}, [newest]);
	useEffect(() => () => clearTimeout(timer.current), []);
}

function Top({ filter }: { filter: Filtered<(typeof fields)[number]> }) {
	const { asked, set } = filter;
	const services = [...new Set((status.value?.policies ?? []).map((p) => p.service))].sort();
	return (
		<>
			<h1>Events</h1>
			<Filter of="events" filter={filter}>
				<Written label="Text" value={asked.text} hint="reason, error, id" onValue={(v) => set("text", v)} />
				<Written label="Service" value={asked.service} hint="all" among={services} onValue={(v) => set("service", v)} />
				<Choice label="Action" any="all" value={asked.action} options={actions.map((a) => [a, a])} onValue={(v) => set("action", v)} />
				<Choice label="Result" any="all" value={asked.result} options={results.map((r) => [r, r])} onValue={(v) => set("result", v)} />
				<Choice label="Range" any="any time" value={asked.last} options={Object.keys(ranges).map((r) => [r, `last ${r}`])} onValue={(v) => set("last", v)} />
			</Filter>
		</>
	);
}

const enough = 30; // events to fill a screen

interface ListProps {
	listing: Listing;
	asked: Asked;
	began: string; // when the newest had started that was there first; empty: there was none
	filter: Filtered<(typeof fields)[number]>;
	loading: boolean; // more is asked for
}

function List({ listing: { events, limit }, asked, began, filter, loading }: ListProps) {
	const found = matching(events, asked, minute.value);
	const next = more(limit);
	const far = reach(events, limit, asked, minute.value);
	// Where little is found among the newest it is looked for further back at once.
	useEffect(() => {
		if (far === "cut" && next !== undefined && found.length < enough && !loading) filter.set("limit", String(next));
	}, [far, next, found.length, loading]);
	return (
		<section aria-label="Events">
			<p class="muted tally" role="status">
				{found.length === events.length ? `${events.length} events` : `${found.length} of ${events.length} events`}
				{tally(found).map(([result, n]) => (
					<>
						{" · "}
						{n} {result}
					</>
				))}
			</p>
			{found.length === 0 && !loading && <None asked={asked} all={far !== "cut"} clear={filter.clear} />}
			<ol class="rows events">
				{found.map((e) => (
					<One key={e.id} e={e} fresh={e.started > began} />
				))}
			</ol>
			<p class="muted foot">
				{far === "all" && (events.length > 0 ? "That is all that is kept." : "")}
				{far === "enough" && "That is all of the range."}
				{far === "cut" && next !== undefined && (
					<>
						<button type="button" disabled={loading} onClick={() => filter.set("limit", String(next))}>
							{loading ? "…" : "Older"}
						</button>{" "}
						Looked through are the newest {limit}
						{asked.service && " of the service"}, back to <Time at={events.at(-1)?.started} />.
					</>
				)}
				{far === "cut" && next === undefined && (
					<>
						Looked through are the newest {mostEvents}
						{asked.service ? " of the service" : "; of one service it goes further back"}, back to <Time at={events.at(-1)?.started} />. Older
						ones are not listed here; the audit log has them for as long as it is kept.
					</>
				)}
			</p>
		</section>
	);
}

function None({ asked, all, clear }: { asked: Asked; all: boolean; clear: () => void }) {
	if (!some({ ...asked, limit: "" }))
		return <Empty title="Nothing was scaled yet.">Events come here by themselves, as soon as a policy scales its service.</Empty>;
	return (
		<Empty title={all ? "No event is like that." : "None of those that were looked through is like that."}>
			<button type="button" onClick={clear}>
				Show all events
			</button>
		</Empty>
	);
}

function One({ e, fresh }: { e: Event; fresh: boolean }) {
	const said = visible([e.error, whyOf(e)].filter(Boolean).join("; "));
	const how = ending(e);
	return (
		<Row
			fresh={fresh}
			why={how === "seen" ? undefined : `/why/event/${encodeURIComponent(e.id)}`}
			line={
				<>
					<span class="at">
						<Time at={e.started} />
						{fresh && (
							<>
								{" "}
								<Chip tone="busy">new</Chip>
							</>
						)}
					</span>
					<strong class="of">
						<Name text={e.service} />
					</strong>
					<span class={`did ${e.action}`}>
						<span class="unseen">{e.action}</span>
						<span aria-hidden="true">{e.action === "scale_up" ? "▲" : "▼"}</span> {change(e.from, e.to)}
					</span>
					<span class="end">
						<Chip tone={toneOfEnding(how)}>{how}</Chip>
					</span>
					<bdi class="said" dir="auto">
						{said.slice(0, 240)}
					</bdi>
				</>
			}
		>
			{() => <Facts e={e} />}
		</Row>
	);
}

function Facts({ e }: { e: Event }) {
	const lasted = took(e);
	return (
		<>
			<Fact name="decided">
				{e.action} from {e.from} to {e.to}
				{e.ended && e.mode !== "shadow" && `, ${e.reached} reached`}
			</Fact>
			<Fact name="started">{whole(Date.parse(e.started))}</Fact>
			{lasted !== undefined && <Fact name="took">{lasted < 1 ? "less than a second" : length(lasted)}</Fact>}
			<Fact name="actor">
				<Foreign text={e.actor} />
			</Fact>
			{(e.reasons ?? []).map((r) => (
				<Fact name={visible(r.code).slice(0, 80)}>
					<Foreign text={r.message} most={600} />
				</Fact>
			))}
			{e.error && (
				<Fact name="error">
					<span class="bad">
						<Foreign text={e.error} most={600} />
					</span>
				</Fact>
			)}
			{e.log && (
				<Fact name="log">
					<pre tabIndex={0}>
						<Foreign text={e.log} most={4000} />
					</pre>
				</Fact>
			)}
			<Fact name="service">
				<Link to={["services", e.service]}>
					<Name text={e.service} />
				</Link>
			</Fact>
			<Fact name="policy">
				<Link to={["policies", e.policy]}>
					<Name text={e.policy} />
				</Link>
				, revision <code>{e.revision}</code>
				{e.mode === "shadow" && ", in shadow: nothing was touched"}
			</Fact>
			<Fact name="event">
				<code>
					<Foreign text={e.id} />
				</code>
			</Fact>
		</>
	);
}
