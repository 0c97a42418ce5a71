import "./record.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, at, Refused, reason } from "../api";
import { whole } from "../format";
import type { Entry } from "../shapes";
import { entries, me, status } from "../state";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { Foreign, Name, Time, visible } from "../ui/text";
import { useTitle } from "../ui/title";
import type { Tone } from "../ui/tone";
import { Choice, Filter, useFilter, Written } from "./filter";
import { fields, kinds, later, live, merged, mostEntries, older, page, query, type Asked } from "./log";
import { some } from "./query";
import { Fact, Link, Row } from "./row";

interface Answer {
	entries: Entry[] | null;
}

type Ask = Record<string, string | number>;

async function entriesOf(q: Ask, signal: AbortSignal): Promise<Entry[]> {
	return (await ask<Answer>(at(["audit"], q), { signal })).entries ?? [];
}

// Audit lists who or what changed what, and why.
export function Audit() {
	const filter = useFilter(fields);
	const { asked, set } = filter;
	const all = status.value?.policies ?? [];
	useTitle("Audit");
	const services = [...new Set(all.map((p) => p.service))].sort();
	const [denied, setDenied] = useState<Refused | undefined>();
	if (denied) return <Denied error={denied} />;
	return (
		<>
			<h1>Audit</h1>
			<Filter of="audit log" filter={filter}>
				<Choice label="Kind" any="all" value={asked.kind} options={Object.keys(kinds).map((k) => [k, k])} onValue={(v) => set("kind", v)} />
				<Written label="Service" value={asked.service} hint="all" among={services} onValue={(v) => set("service", v)} />
				<Written label="Policy" value={asked.policy} hint="all" among={all.map((p) => p.name)} onValue={(v) => set("policy", v)} />
				<Written label="Actor" value={asked.actor} hint="anna, files" onValue={(v) => set("actor", v)} />
				<Written label="Since" value={asked.since} hint="7d, or a day" among={["1h", "24h", "7d", "30d"]} onValue={(v) => set("since", v)} />
				<Written label="Until" value={asked.until} hint="1h, or a day" onValue={(v) => set("until", v)} />
				<Written label="After number" value={asked.after} hint="0: the first" onValue={(v) => set("after", v)} />
			</Filter>
			<Kinds />
			<Listed key={JSON.stringify(asked)} asked={asked} clear={filter.clear} onDenied={setDenied} />
		</>
	);
}

function Kinds() {
	return (
		<details>
			<summary>What the kinds are about</summary>
			<dl class="kinds">
				{Object.entries(kinds).map(([kind, about]) => (
					<>
						<dt>
							<Chip tone={toneOf(kind)}>{kind}</Chip>
						</dt>
						<dd>{about}</dd>
					</>
				))}
			</dl>
		</details>
	);
}

interface ListedProps {
	asked: Asked;
	clear: () => void;
	onDenied: (why: Refused) => void;
}

function Listed({ asked, clear, onDenied }: ListedProps) {
	const first = useLoad((signal) => entriesOf(query(asked), signal), [], 30_000); // the stream leaves out what is about access
	const [rest, setRest] = useState<Entry[]>([]);
	const [ended, setEnded] = useState(false);
	const began = useRef<number | undefined>(undefined);
	if (first.value && began.current === undefined) began.current = first.value.at(-1)?.number ?? 0;
	const { error } = first;
	useEffect(() => {
		if (error instanceof Refused && error.status === 403) onDenied(error);
	}, [error]);
	if (error !== undefined && !first.value) return <Failed error={error} again={first.again} />;
	if (!first.value) return <Loading of="the audit log" />;
	const top = began.current ?? 0;
	const shown = merged(rest, first.value, live(entries.value, asked, top));
	const onward = asked.after !== "";
	const more = {
		asked,
		had: shown,
		ended: ended || first.value.length < page,
		onMore: (all: Entry[], last: boolean) => {
			setRest(all);
			setEnded(last);
		},
	};
	return (
		<section aria-label="Entries">
			<p class="muted tally" role="status">
				{shown.length === 1 ? "1 entry" : `${shown.length} entries`}
				{shown.length > 0 && ", the newest first"}
			</p>
			{onward && <More key={`after ${shown[0]?.number}`} from={shown[0]} {...more} />}
			{shown.length === 0 && <None asked={asked} clear={clear} />}
			<ol class="rows audit">
				{shown.map((e) => (
					<One key={e.number} e={e} fresh={!onward && e.number > top} />
				))}
			</ol>
			{!onward && <More key={`before ${shown.at(-1)?.number}`} from={shown.at(-1)} {...more} />}
		</section>
	);
}

interface MoreProps {
	asked: Asked;
	from: Entry | undefined;
	had: Entry[];
	ended: boolean; // there is no more
	onMore: (all: Entry[], ended: boolean) => void;
}

// More asks for the next page: of what is older, or of what is later where it was asked for from a number on.
function More({ asked, from, had, ended, onMore }: MoreProps) {
	const [state, set] = useState<"" | "asking" | "end">(ended ? "end" : "");
	const [error, setError] = useState<unknown>();
	const stop = useRef(new AbortController());
	useEffect(() => () => stop.current.abort(), []);
	const onward = asked.after !== "";
	const next = async () => {
		if (!from) return;
		set("asking");
		setError(undefined);
		try {
			for (const limit of [page, mostEntries]) {
				const got = await entriesOf(onward ? later(asked, from) : older(asked, from, limit), stop.current.signal);
				const all = merged(had, got);
				if (all.length > had.length) return onMore(all, got.length < (onward ? page : limit));
				if (got.length < limit) break;
			}
			set("end");
		} catch (why) {
			if (stop.current.signal.aborted) return;
			setError(why);
			set("");
		}
	};
	if (!from) return null;
	return (
		<p class="muted foot">
			{state === "end" ? (
				onward ? "There is nothing later." : "There is nothing older that is kept."
			) : (
				<button type="button" disabled={state === "asking"} onClick={() => void next()}>
					{state === "asking" ? "…" : onward ? "Later" : "Older"}
				</button>
			)}
			{error !== undefined && (
				<span class="bad" role="alert">
					{" "}
					{reason(error)}
				</span>
			)}
		</p>
	);
}

function Denied({ error }: { error: Refused }) {
	return (
		<>
			<h1>Audit</h1>
			<Empty title="The audit log is not for everybody.">
				<span>
					You are here as <Name text={me.value?.name ?? ""} />, and {error.detail}. What was scaled, and why, is open to you:{" "}
					<a href="/events">Events</a>
				</span>
			</Empty>
		</>
	);
}

function None({ asked, clear }: { asked: Asked; clear: () => void }) {
	if (!some(asked)) return <Empty title="Nothing is in the audit log yet." />;
	return (
		<Empty title="No entry is like that.">
			<button type="button" onClick={clear}>
				Show all entries
			</button>
		</Empty>
	);
}

function toneOf(kind: string): Tone {
	switch (kind) {
		case "decision":
		case "event":
			return "busy";
		case "pause":
		case "switch":
			return "warn";
		case "trouble":
			return "bad";
		case "recovery":
		case "resume":
			return "good";
	}
	return "calm";
}

function One({ e, fresh }: { e: Entry; fresh: boolean }) {
	return (
		<Row
			fresh={fresh}
			why={e.event ? `/why/event/${encodeURIComponent(e.event)}` : undefined}
			line={
				<>
					<span class="at">
						<Time at={e.at} />
						{fresh && (
							<>
								{" "}
								<Chip tone="busy">new</Chip>
							</>
						)}
					</span>
					<span class="kind">
						<Chip tone={toneOf(e.kind)} title={kinds[e.kind] ?? ""}>
							{e.kind}
						</Chip>
					</span>
					<span class="of">
						<Name text={e.actor} />
					</span>
					<bdi class="said" dir="auto">
						{e.service && !e.message.startsWith(e.service) && <strong>{visible(e.service).slice(0, 80)}: </strong>}
						{visible(e.message).slice(0, 240)}
					</bdi>
				</>
			}
		>
			{() => <Facts e={e} />}
		</Row>
	);
}

function Facts({ e }: { e: Entry }) {
	return (
		<>
			<Fact name="message">
				<Foreign text={e.message} most={1000} />
			</Fact>
			<Fact name="number">{e.number}</Fact>
			<Fact name="at">{whole(Date.parse(e.at))}</Fact>
			<Fact name="actor">
				<Foreign text={e.actor} />
			</Fact>
			<Fact name="kind">
				{e.kind}
				{kinds[e.kind] && <span class="muted">: {kinds[e.kind]}</span>}
			</Fact>
			{e.service && (
				<Fact name="service">
					<Link to={["services", e.service]}>
						<Name text={e.service} />
					</Link>
				</Fact>
			)}
			{e.policy && (
				<Fact name="policy">
					<Link to={["policies", e.policy]}>
						<Name text={e.policy} />
					</Link>
					{e.revision && (
						<>
							, revision <code>{e.revision}</code>
						</>
					)}
				</Fact>
			)}
			{e.event && (
				<Fact name="event">
					<Link to={["why", "event", e.event]}>
						<Name text={e.event} />
					</Link>
				</Fact>
			)}
			{e.reason && (
				<Fact name="reason">
					<Foreign text={e.reason} />
				</Fact>
			)}
		</>
	);
}
