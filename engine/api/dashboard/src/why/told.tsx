// The chapters of the story.
import type { ComponentChildren } from "preact";
import { ending } from "../event";
import { length } from "../format";
import type { Alternative, Event, Explanation, Step } from "../shapes";
import { Chip } from "../ui/chip";
import { Foreign, Name, Time } from "../ui/text";
import { toneOfEnding, type Tone } from "../ui/tone";
import { Metrics } from "./seen";
import { Rules } from "./rules";
import { asked, count, guarded, newest, runs, told, took, unchanged, verdict, waits } from "./story";

// Story tells a decision; now: it is the newest one, and what was read for it is how it is.
export function Story({ e, event, now }: { e: Explanation; event: Event | null | undefined; now: boolean }) {
	return (
		<>
			<Head e={e} event={event} />
			<ol class="chapters">
				<Metrics e={e} />
				<Rules e={e} />
				<Guard e={e} />
				<Applied e={e} event={event} />
				<Alternatives e={e} now={now} />
			</ol>
			<Raw e={e} />
		</>
	);
}

// Chapter is one step of the way from what was seen to what was done.
export function Chapter({ title, sum, children }: { title: string; sum?: ComponentChildren; children?: ComponentChildren }) {
	return (
		<li class="chapter card">
			<div class="head">
				<h2>{title}</h2>
				{sum && <div class="sum">{sum}</div>}
			</div>
			{children}
		</li>
	);
}

function toneOfAction(action: string): Tone {
	return action === "hold" ? "calm" : "busy";
}

function Head({ e, event }: { e: Explanation; event: Event | null | undefined }) {
	const r = e.record;
	const d = r.decision;
	const at = Date.parse(r.at);
	const hour = 3600_000;
	const around = new URLSearchParams({ from: new Date(at - hour / 2).toISOString(), to: new Date(at + hour / 2).toISOString() });
	const by = asked(e);
	return (
		<header class="card verdict">
			<h1>
				<Name text={r.service} /> {verdict(e)}
			</h1>
			<p class="chips">
				<Chip tone={toneOfAction(d.action)}>
					{d.action} {d.from} → {d.to}
				</Chip>{" "}
				<Chip>
					<Name text={d.reason} />
				</Chip>{" "}
				{r.mode === "shadow" && <Chip title="nothing was touched">shadow</Chip>}{" "}
				{event && r.mode !== "shadow" && <Chip tone={toneOfEnding(ending(event))}>{ending(event)}</Chip>}
			</p>
			{d.message && (
				<p class="lead" dir="auto">
					<Foreign text={d.message} most={300} />
				</p>
			)}
			{by && (
				<p dir="auto">
					<Foreign text={by} />
				</p>
			)}
			<p class="muted">
				Decided at <Time at={r.at} /> (<Time at={r.at} relative />)
				{r.mode === "shadow" && ", in shadow: nothing was touched"}
				{e.decision ? ` · decision ${e.decision}` : ""}
				{" · "}
				<a href={`/services/${encodeURIComponent(r.service)}?${around}`}>the service at that time</a>
			</p>
			<First e={e} />
			<Revision e={e} />
			{e.changed && (
				<p class="remark" dir="auto">
					Not all of it can be told: <Foreign text={e.changed} most={600} />
				</p>
			)}
			{e.differs && (
				<p class="remark" dir="auto">
					<Foreign text={e.differs} />
				</p>
			)}
		</header>
	);
}

// First says that what is told is the first time of several: readings and waits were others later.
function First({ e }: { e: Explanation }) {
	if (e.count === undefined || e.count < 2) return null;
	return (
		<p class="remark" role="note">
			As it was at <Time at={e.record.at} />, the first of {count(e.count, "time")} that it was decided so, up to <Time at={e.last} />.{" "}
			<a href={newest(e.record.policy)}>The newest decision, as it is now</a>
		</p>
	);
}

// Revision says by which policy it was decided, and which is at work now.
function Revision({ e }: { e: Explanation }) {
	const r = e.record;
	const t = e.then;
	const link = (
		<a href={`/policies/${encodeURIComponent(r.policy)}`}>
			<Name text={r.policy} />
		</a>
	);
	if (!t)
		return (
			<p class="muted">
				By policy {link}, revision <code>{r.revision}</code>
				{!e.changed && ", which is at work now"}
				{e.file && (
					<>
						, <Foreign text={e.file} />
					</>
				)}
			</p>
		);
	return (
		<p class="muted">
			By policy {t.now ? link : <Name text={r.policy} />}, revision <code>{t.revision}</code>, at work since <Time at={t.since} />
			{t.commit && (
				<>
					, commit <code title={t.commit}>{t.commit.slice(0, 12)}</code>
				</>
			)}
			;{" "}
			{t.now ? (
				<>
					now it is revision <code>{t.now}</code>
				</>
			) : (
				"there is no such policy now"
			)}
		</p>
	);
}

function Guard({ e }: { e: Explanation }) {
	const trace = e.record.decision.trace ?? [];
	return (
		<Chapter title="What the guard did" sum={guarded(trace)}>
			<ol class="stages">
				{runs(trace).map((run) =>
					run.quiet ? <Quiet steps={run.steps} /> : run.steps.map((s) => <Stage s={s} />),
				)}
			</ol>
		</Chapter>
	);
}

// Quiet are stages that let the wish pass, each with what passed.
function Quiet({ steps }: { steps: Step[] }) {
	return (
		<li class="quiet">
			<span class="unseen">Nothing to say had: </span>
			{steps.map((s) => (
				<span>
					{s.stage}{" "}
					<span class="number">
						{s.from} → {s.to}
					</span>
				</span>
			))}
		</li>
	);
}

function Stage({ s }: { s: Step }) {
	return (
		<li class={s.from === s.to ? "" : "cut"}>
			<strong>{s.stage}</strong>
			<span class="number">
				{s.from} → {s.to}
			</span>
			<span dir="auto">
				{s.reason && <strong>{s.reason}</strong>} {s.message && <Foreign text={s.message} most={400} />}
			</span>
		</li>
	);
}

function Applied({ e, event }: { e: Explanation; event: Event | null | undefined }) {
	const d = e.record.decision;
	if (!event)
		return (
			<Chapter
				title="What was done"
				sum={d.action === "hold" ? "nothing: it was a hold" : event === null ? "its event is not on record" : "not known yet"}
			/>
		);
	const lasted = took(event);
	const shadow = event.mode === "shadow";
	return (
		<Chapter title="What was done" sum={<Chip tone={toneOfEnding(ending(event))}>{ending(event)}</Chip>}>
			<p>
				{shadow ? (
					"In shadow: nothing was touched."
				) : event.result ? (
					<>
						{event.from} → {event.to}, {event.reached === event.to ? "reached" : `ended at ${event.reached}`} after{" "}
						{length(lasted ?? 0) === "0s" ? "less than a second" : length(lasted ?? 0)}, <Time at={event.ended} />
					</>
				) : (
					`${event.from} → ${event.to} has not ended`
				)}
				<span class="muted">
					{" "}
					· by <Name text={event.actor} /> · event <a href={`/why/event/${encodeURIComponent(event.id)}`}><Name text={event.id} /></a>
				</span>
			</p>
			{event.error && (
				<p class="bad" dir="auto">
					<Foreign text={event.error} most={600} />
				</p>
			)}
			{event.log && (
				<>
					<h3>The end of its log</h3>
					<pre class="log" tabIndex={0}>
						<Foreign text={event.log} most={4000} />
					</pre>
				</>
			)}
		</Chapter>
	);
}

function Alternatives({ e, now }: { e: Explanation; now: boolean }) {
	const none = unchanged(e);
	const all = e.alternatives ?? [];
	return (
		<Chapter title="What would change this" sum={e.changed ? "not known: see above" : now ? undefined : <Then at={e.record.at} />}>
			{none !== undefined && <p>{none}</p>}
			{all.length > 0 && (
				<ul class="alternatives">
					{all.map((a) => (
						<Other a={a} now={now} />
					))}
				</ul>
			)}
		</Chapter>
	);
}

// Then says as of when all of it is told.
function Then({ at }: { at: string }) {
	return (
		<>
			as it was at <Time at={at} />
		</>
	);
}

function Other({ a, now }: { a: Alternative; now: boolean }) {
	const more = waits(a);
	const outcome = a.action === "hold" ? `hold at ${a.to}` : `${a.action} to ${a.to}`;
	return (
		<li dir="auto">
			<Foreign text={told(a, now)} most={500} />{" "}
			<span class="also">
				<Chip tone={toneOfAction(a.action)}>{outcome}</Chip>
				{a.at && !a.at.startsWith("0001") && (
					<span class="muted">
						{" "}
						at <Time at={a.at} />
					</span>
				)}
				{a.field && (
					<span class="muted">
						{" "}
						· field <code>{a.field}</code>
					</span>
				)}
			</span>
			{more.length > 0 && (
				<ul>
					{more.map((w) => (
						<li class="muted">
							<Foreign text={w.text} />
							{w.until && !w.until.startsWith("0001") && (
								<>
									{" "}
									(until <Time at={w.until} />)
								</>
							)}
							{w.field && (
								<>
									{" "}
									· field <code>{w.field}</code>
								</>
							)}
						</li>
					))}
				</ul>
			)}
		</li>
	);
}

// Raw is all that the daemon knows of it, the state before the decision too.
function Raw({ e }: { e: Explanation }) {
	return (
		<details class="raw">
			<summary>All of it, as the API answers</summary>
			<pre class="log" tabIndex={0}>
				<Foreign text={JSON.stringify(e, null, 2)} most={20_000} />
			</pre>
		</details>
	);
}
