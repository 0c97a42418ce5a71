// How the policies of a service are now.
import type { ComponentChildren } from "preact";
import { length } from "../format";
import type { PolicyStatus } from "../shapes";
import { may, since, status } from "../state";
import { Chip } from "../ui/chip";
import { Left } from "../ui/left";
import { Paused } from "../ui/paused";
import { Foreign, Name, Time } from "../ui/text";
import { toneOf } from "../ui/tone";
import { newest } from "../why/story";
import { Enabling } from "./enabling";

export function Policies({ of, say }: { of: PolicyStatus[]; say: (text: string) => void }) {
	return (
		<ul class="policies">
			{of.map((p) => (
				<Policy key={p.name} p={p} say={say} />
			))}
		</ul>
	);
}

function Policy({ p, say }: { p: PolicyStatus; say: (text: string) => void }) {
	const gone = since(p);
	const pause = p.pause ?? status.value?.pause;
	const why = p.state.name === "paused" && pause ? "" : (p.state.why ?? "");
	return (
		<li class="card policy">
			<div class="head">
				<h2>
					<a href={"/policies/" + encodeURIComponent(p.name)}>
						{p.name === p.service ? "Its policy" : <Name text={p.name} />}
					</a>{" "}
					{p.mode === "shadow" && p.state.name !== "shadow" && <Chip>shadow</Chip>}
				</h2>
				{may("policies") && <Enabling p={p} say={say} />}
			</div>
			<div class="state">
				<Chip tone={toneOf(p.state.name)}>{p.state.name}</Chip>
				<Left p={p} />
				{why && (
					<span>
						<Foreign text={why} />
					</span>
				)}
				{p.lastEvaluation && <a href={newest(p.name)}>Why?</a>}
			</div>
			<dl class="facts">
				<Fact name={p.mode === "shadow" ? "would have" : "replicas"} big>
					{p.lastEvaluation ? p.currentReplicas : "–"}
				</Fact>
				{p.mode !== "shadow" && <Fact name="ready">{p.lastEvaluation ? p.readyReplicas : "–"}</Fact>}
				<Fact name="min to max">
					{p.minReplicas ?? 0} to {p.maxReplicas ?? 0}
				</Fact>
				<Fact name="cooldown left">{waits(p.cooldown, gone)}</Fact>
				<Fact name="last evaluation">
					<Time at={p.lastEvaluation} relative />
				</Fact>
				<Fact name="last scaling">
					<Time at={p.lastScaling} relative />
				</Fact>
			</dl>
			{pause && (
				<p class="pause">
					<Paused pause={pause} />
				</p>
			)}
			{p.state.name !== "failing" && p.message && !repeats(p) && (
				<p class="muted">
					Last decision: <Foreign text={p.message} />
				</p>
			)}
		</li>
	);
}

// repeats says that the state tells what the last decision does.
function repeats(p: PolicyStatus): boolean {
	const why = (p.state.why ?? "").replace(/^[A-Z]\w+: /, "");
	return p.state.name === "paused" || (why !== "" && (p.message ?? "").startsWith(why));
}

function Fact({ name, big, children }: { name: string; big?: boolean; children: ComponentChildren }) {
	return (
		<div class={big ? "big" : undefined}>
			<dt>{name}</dt>
			<dd class="number">{children}</dd>
		</div>
	);
}

// waits says how long each direction still does.
function waits(c: PolicyStatus["cooldown"], gone: number): string {
	const left = ([["up", c?.upSeconds], ["down", c?.downSeconds]] as const).flatMap(([way, n]) => ((n ?? 0) > gone ? [`${way} ${length((n ?? 0) - gone)}`] : []));
	return left.join(", ") || "none";
}
