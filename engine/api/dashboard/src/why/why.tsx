import "./why.css";
import { useLocation, useRoute } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { ask, at, reason, Refused } from "../api";
import { daemonTime } from "../clock";
import type { Event, Explanation } from "../shapes";
import { byName, entries } from "../state";
import { useLoad } from "../ui/load";
import { Failed, Loading } from "../ui/notice";
import { Time, visible } from "../ui/text";
import { useTitle } from "../ui/title";
import { Copy } from "./copy";
import { next } from "./next";
import { before, eventId, permanent } from "./story";
import { Story } from "./told";
import { words } from "./words";

interface Answer {
	explanation: Explanation;
}

// Why tells one decision: of an event, by its number, of a service at a time, or its newest.
export function Why() {
	const { params } = useRoute();
	const { query } = useLocation();
	const kind = params.kind ?? "";
	const path = question(kind, params.id ?? "", query.service ?? "");
	const told = useLoad(async (signal) => {
		if (!path) throw new Refused(404, `there is /why/decision, /why/event, /why/at and /why/now, and no /why/${kind}`);
		return (await ask<Answer>(path, { signal })).explanation;
	}, [path]);
	const e = told.value;
	useEffect(() => scrollTo(0, 0), [path]);
	useTitle(e ? `Why: ${visible(e.record.service)}` : "Why");
	if (told.error !== undefined)
		return (
			<>
				<h1>Why</h1>
				<Failed error={told.error} again={told.again} />
				<p>
					{kind === "event" ? <a href={"/events?" + new URLSearchParams({ text: params.id ?? "" })}>The event in the list</a> : <a href="/events">All events</a>}
				</p>
			</>
		);
	if (!e) return <Loading of="how it came about" />;
	return <Page e={e} newest={kind === "now"} again={told.again} />;
}

// question is what to ask for; undefined: there is no such page.
function question(kind: string, id: string, service: string): string | undefined {
	switch (kind) {
		case "decision":
			return at(["decisions", id]);
		case "event":
			return at(["explain"], { event: id });
		case "at":
			return at(service ? ["explain", service] : ["explain"], { at: id });
		case "now":
			return at(["explain", id]);
	}
	return undefined;
}

function Page({ e, newest, again }: { e: Explanation; newest: boolean; again: () => void }) {
	const event = useEvent(e);
	const link = () => location.origin + permanent(e);
	useOpenInPrint();
	return (
		<article class="story">
			<nav class="toolbar ways" aria-label="Decisions">
				<a href={before(e)}>← Previous decision</a>
				{newest ? <Newer e={e} again={again} /> : <Next e={e} />}
				<span class="fill" />
				<Copy of="link" text={link} />
				<Copy of="text" text={() => words(event ? { ...e, event } : e, link(), newest)} />
				<button type="button" onClick={printAll}>
					Print
				</button>
			</nav>
			<Story e={e} event={event} now={newest} />
		</article>
	);
}

// printAll prints also what is cut short on the screen. What is unfolded for that is drawn first.
function printAll(): void {
	for (const b of document.querySelectorAll<HTMLButtonElement>(".chapters button[aria-expanded=false], .verdict button[aria-expanded=false]")) b.click();
	setTimeout(() => print(), 100);
}

// Newer says that something was decided since.
function Newer({ e, again }: { e: Explanation; again: () => void }) {
	const last = byName.value.get(e.record.policy)?.lastEvaluation;
	if (!last || Date.parse(last) <= Date.parse(e.record.at)) return <span class="muted">this is the newest</span>;
	return (
		<span>
			<button type="button" class="link" onClick={again}>
				Newer decision
			</button>{" "}
			<span class="muted">
				of <Time at={last} />
			</span>
		</span>
	);
}

// Next looks for the one that came after when it is asked for it: that may take the daemon a while.
function Next({ e }: { e: Explanation }) {
	const { route } = useLocation();
	const [state, set] = useState("");
	useEffect(() => set(""), [e]);
	const go = async () => {
		set("looking");
		try {
			const id = await next(e, AbortSignal.timeout(20_000), daemonTime());
			if (id) route(`/why/decision/${id}`);
			else set("there is none yet");
		} catch (why) {
			set(reason(why));
		}
	};
	return (
		<span>
			<button type="button" class="link" disabled={state === "looking"} onClick={() => void go()}>
				Next decision →
			</button>{" "}
			<span class="muted" role="status">
				{state === "looking" ? "…" : state}
			</span>
		</span>
	);
}

// useEvent is what a decision began: what it was asked about, or else the event of that instant. null: it is not on record;
// undefined: it is not known yet, or the decision began none.
function useEvent(e: Explanation): Event | null | undefined {
	const id = eventId(e);
	// Its end comes by the stream: then it is asked for again.
	const turn = entries.value.find((one) => one.event === id)?.number ?? 0;
	const found = useLoad(
		async (signal) => {
			if (!id || (e.event && e.event.result)) return e.event;
			try {
				const answer = await ask<Answer>(at(["explain"], { event: id }), { signal });
				return answer.explanation.record.at === e.record.at ? (answer.explanation.event ?? null) : null;
			} catch (why) {
				if (why instanceof Refused && why.status === 404) return e.event ?? null;
				throw why;
			}
		},
		[id, e],
	);
	useEffect(() => {
		if (turn > 0 && found.value !== undefined && !found.value?.result) found.again();
	}, [turn]);
	return found.value === undefined ? e.event : found.value;
}

// useOpenInPrint unfolds what is folded for as long as it is printed.
function useOpenInPrint(): void {
	useEffect(() => {
		let opened: HTMLDetailsElement[] = [];
		const begin = () => {
			opened = [...document.querySelectorAll<HTMLDetailsElement>(".story details:not([open], .raw)")];
			for (const d of opened) d.open = true;
		};
		const end = () => {
			for (const d of opened) d.open = false;
		};
		addEventListener("beforeprint", begin);
		addEventListener("afterprint", end);
		return () => {
			removeEventListener("beforeprint", begin);
			removeEventListener("afterprint", end);
		};
	}, []);
}
