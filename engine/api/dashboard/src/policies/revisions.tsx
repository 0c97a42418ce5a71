// The revisions of a policy, and what changed in meaning from one to another.
import { useState } from "preact/hooks";
import { ask, at } from "../api";
import type { PolicyChange, PolicyDiff, Revised } from "../shapes";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Failed, Loading } from "../ui/notice";
import { Foreign, Name, Time } from "../ui/text";
import { pair, sign, written } from "./change";

const few = 8; // revisions that are shown before one asks for all

// Choice is what one compares, until another revision is at work: then that and the one before it are.
interface Choice {
	from: string;
	to: string;
	since: string | undefined;
}

export function Revisions({ name, revisions }: { name: string; revisions: Revised[] }) {
	const first = pair(revisions);
	const [chosen, choose] = useState<Choice | undefined>();
	const [all, setAll] = useState(false);
	const there = (id: string) => revisions.some((r) => r.id === id);
	const two = chosen && chosen.since === first?.to && there(chosen.from) && there(chosen.to) ? chosen : first;
	if (revisions.length === 0) return <p class="muted">None is on record yet: a revision is, once something is decided by it.</p>;
	return (
		<>
			<table class="revisions">
				<thead>
					<tr>
						<th scope="col">Revision</th>
						<th scope="col">At work since</th>
						{two && (
							<>
								<th scope="col">Old</th>
								<th scope="col">New</th>
							</>
						)}
					</tr>
				</thead>
				<tbody>
					{(all ? revisions : revisions.slice(0, few)).map((r) => (
						<tr>
							<td>
								<code title={r.id}>{r.id.slice(0, 8)}</code> {r.current && <Chip tone="good">at work</Chip>}
								{r.commit && (
									<span class="muted commit">
										commit <code title={r.commit}>{r.commit.slice(0, 10)}</code>
									</span>
								)}
							</td>
							<td>
								<Time at={r.at} />
							</td>
							{two &&
								(["from", "to"] as const).map((side) => (
									<td class="pick">
										<input
											type="radio"
											name={`revision-${side}`}
											checked={two[side] === r.id}
											aria-label={`Revision ${r.id.slice(0, 8)} as the ${side === "from" ? "old" : "new"} one`}
											onChange={() => choose({ ...two, [side]: r.id, since: first?.to })}
										/>
									</td>
								))}
						</tr>
					))}
				</tbody>
			</table>
			{!all && revisions.length > few && (
				<button type="button" class="link" onClick={() => setAll(true)}>
					all {revisions.length} revisions
				</button>
			)}
			{two ? <Difference name={name} from={two.from} to={two.to} /> : <p class="muted">It is the only one on record.</p>}
		</>
	);
}

function Difference({ name, from, to }: { name: string; from: string; to: string }) {
	const { value, error, again } = useLoad(
		(signal) => ask<{ policy?: PolicyDiff }>(at(["policies", name, "diff"], { from, to }), { signal }),
		[name, from, to],
	);
	return (
		<section class="difference" aria-live="polite">
			<h3>
				<code>{from.slice(0, 8)}</code> → <code>{to.slice(0, 8)}</code>
			</h3>
			{error !== undefined ? <Failed error={error} again={again} /> : !value ? <Loading of="what changed" /> : <Changes of={value.policy} />}
		</section>
	);
}

function Changes({ of }: { of: PolicyDiff | undefined }) {
	if (!of) return <p class="muted">They mean the same.</p>;
	return (
		<>
			{of.means && (
				<p>
					<Foreign text={`${of.name} ${of.means}`} />
				</p>
			)}
			<dl class="changes">
				{(of.changes ?? []).map((c) => (
					<Change c={c} />
				))}
			</dl>
		</>
	);
}

function Change({ c }: { c: PolicyChange }) {
	return (
		<div>
			<dt>
				<Name text={c.field} />
			</dt>
			<dd>
				<span class="was">
					<Foreign text={written(c.old)} />
				</span>{" "}
				→{" "}
				<strong>
					<Foreign text={written(c.new)} />
				</strong>
				{c.means && (
					<span class="muted means">
						<Foreign text={c.means} />
					</span>
				)}
				{c.lines && c.lines.length > 0 && (
					<pre class="rule-lines" tabIndex={0}>
						{c.lines.map((l) => (
							<span class={sign(l)}>
								{l}
								{"\n"}
							</span>
						))}
					</pre>
				)}
			</dd>
		</div>
	);
}
