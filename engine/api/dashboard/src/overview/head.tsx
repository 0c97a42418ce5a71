// The head of the overview: what holds for all services together.
import type { ComponentChildren } from "preact";
import { length } from "../format";
import type { Status } from "../shapes";
import { now } from "../state";
import { Chip } from "../ui/chip";
import { Foreign, Name } from "../ui/text";
import { Sources } from "./sources";

export function Head({ of: s }: { of: Status }) {
	return (
		<>
			<h1>Overview</h1>
			<div class="briefs">
				<Fleet of={s} />
				<Leads of={s} />
				<Notes of={s} />
				<Sources />
			</div>
			<LeftOut of={s} />
		</>
	);
}

interface FactProps {
	title: string;
	value: ComponentChildren;
	tone?: string;
	of?: string; // a class
	children?: ComponentChildren;
}

function Fact({ title, value, tone = "", of = "", children }: FactProps) {
	return (
		<section class={"card brief " + of}>
			<h2>{title}</h2>
			<div class={"value " + tone}>{value}</div>
			{children}
		</section>
	);
}

// Fleet is all replicas against the budget.
function Fleet({ of: s }: { of: Status }) {
	const { replicas, maxTotalReplicas: most, minAvailableMemoryMB: memory } = s.fleet;
	const left = most - replicas;
	const tone = left <= 0 ? "bad" : left <= most / 10 ? "warn" : "";
	return (
		<Fact
			title="Replicas of the fleet"
			of="fleet"
			value={
				<>
					{replicas} <small>of {most} at most</small>
				</>
			}
			tone={tone}
		>
			<meter class="unseen" min={0} max={most} value={replicas} aria-label="Replicas of the fleet against maxTotalReplicas" />
			<div class={"budget " + tone} aria-hidden="true">
				{replicas > 0 && <div style={{ width: Math.min(100, most > 0 ? (replicas / most) * 100 : 0) + "%" }} />}
			</div>
			<p class="muted">
				{left > 0 ? `${left} left` : left === 0 ? "none left" : `${-left} too many`}
				{memory > 0 && ` · ${memory} MB of memory must stay available`}
			</p>
		</Fact>
	);
}

// Leads is who acts.
function Leads({ of: s }: { of: Status }) {
	const d = s.daemon;
	const leader = d?.leader ?? s.leader;
	const [value, tone] = lead(s);
	return (
		<Fact title="Who leads" value={value} tone={tone}>
			<p class="muted">
				{!leader && d && "its store is its own"}
				{leader?.name && leader.self && <Name text={leader.name} />}
				{leader?.name && !leader.self && "this daemon stands by"}
				{leader && !leader.name && "nothing is scaled until one does"}
				{leader?.name && ` · epoch ${leader.epoch}`}
			</p>
			{d && (
				<p class="muted" title={`process ${d.pid}, since ${d.since}`}>
					flyball <bdi>{d.version}</bdi>, up <Up since={d.since} />
				</p>
			)}
		</Fact>
	);
}

function lead(s: Status): [ComponentChildren, string] {
	const leader = s.daemon?.leader ?? s.leader;
	if (leader && !leader.name) return ["nobody", "bad"];
	if (leader && !leader.self) return [<Name text={leader.name} />, ""];
	return s.daemon ? ["this daemon", ""] : ["no daemon runs", "bad"];
}

function Up({ since }: { since: string }) {
	return <>{length((Math.max(now.value, Date.parse(since)) - Date.parse(since)) / 1000)}</>;
}

// Notes is what became of notifications.
function Notes({ of: { undelivered: u } }: { of: Status }) {
	const value = u ? u.waiting + u.givenUp : "none";
	return (
		<Fact title="Notifications not delivered" value={value} tone={u && u.givenUp > 0 ? "bad" : u ? "warn" : ""}>
			<p class="muted">{u ? [u.waiting > 0 && `${u.waiting} on their way`, u.givenUp > 0 && `${u.givenUp} given up`].filter(Boolean).join(" · ") : "all of them arrived"}</p>
		</Fact>
	);
}

// LeftOut is what came by the API and is not at work.
function LeftOut({ of: s }: { of: Status }) {
	const all = s.leftOut ?? [];
	if (all.length === 0) return null;
	return (
		<details class="card leftout" open={all.length <= 3}>
			<summary>
				<Chip tone="warn">left out</Chip> {all.length === 1 ? "One policy that came by the API is" : `${all.length} policies that came by the API are`} not among those at
				work
			</summary>
			<ul>
				{all.map((l) => (
					<li key={l.policy}>
						<a href={"/policies/" + encodeURIComponent(l.policy)}>
							<Name text={l.policy} />
						</a>{" "}
						<Foreign text={l.reason} />
					</li>
				))}
			</ul>
		</details>
	);
}
