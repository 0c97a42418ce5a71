// All policies, and a new one.
import "./policies.css";
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api";
import type { Policy } from "../shapes";
import { may, me, status } from "../state";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Empty, Failed, Loading } from "../ui/notice";
import { useSlash } from "../ui/slash";
import { Foreign, Name, visible } from "../ui/text";
import { useTitle } from "../ui/title";
import { kept, keyOf } from "./draft";
import { useDraft } from "./drafting";
import { Edit } from "./edit";
import { beginning, briefPlace, chosen, kinds, type Kind } from "./list";
import { useChanges } from "./use";

export function Policies() {
	const { query } = useLocation();
	return query.new === undefined ? <List /> : <New />;
}

function New() {
	useTitle("New policy");
	const { route } = useLocation();
	const drafting = useDraft("");
	useEffect(() => {
		if (!drafting.draft && may("policies")) drafting.begin(beginning, "");
	}, []);
	if (!may("policies")) return <Empty title="Your role may not add policies." />;
	return (
		<>
			<div class="head">
				<h1>New policy</h1>
				<a href="/policies">All policies</a>
			</div>
			<p class="muted">
				It is kept by the daemon, beside those in files, which win. One that is not <code>enabled</code> changes nothing yet.
			</p>
			{drafting.draft ? (
				<Edit name="" drafting={drafting} onSaved={(name) => route("/policies/" + encodeURIComponent(name))} />
			) : (
				<Empty title="The draft is discarded.">
					<button type="button" onClick={() => drafting.begin(beginning, "")}>
						Begin anew
					</button>
				</Empty>
			)}
		</>
	);
}

const most = 200; // rows, until one asks for all

function List() {
	useTitle("Policies");
	const { value, error, again } = useLoad((signal) => ask<{ policies: Policy[] }>("policies", { signal }), [], 60_000);
	const [text, setText] = useState("");
	const [kind, setKind] = useState<Kind>("all");
	const [all, setAll] = useState(false);
	useChanges(again);
	const found = value ? chosen(value.policies, text, kind) : [];
	return (
		<>
			<div class="head">
				<h1>Policies</h1>
				<div class="toolbar">
					<Filter text={text} onInput={setText} />
					<select aria-label="Which policies" value={kind} onChange={(e) => setKind(e.currentTarget.value as Kind)}>
						{kinds.map((k) => (
							<option value={k}>{k}</option>
						))}
					</select>
					{may("policies") && (
						<a class="button primary" href="/policies?new">
							New policy
						</a>
					)}
				</div>
			</div>
			<Trouble />
			{error !== undefined && <Failed error={error} again={again} />}
			{!value && error === undefined && <Loading of="the policies" />}
			{value && value.policies.length === 0 && (
				<Empty title="There are no policies yet.">
					<span>
						Write one into the folder that the daemon reads, <code>flyball init</code> begins it{may("policies") && ", or add one here"}.
					</span>
				</Empty>
			)}
			{value && value.policies.length > 0 && found.length === 0 && (
				<Empty title="No policy is like that.">
					<button
						type="button"
						onClick={() => {
							setText("");
							setKind("all");
						}}
					>
						Show all
					</button>
				</Empty>
			)}
			{found.length > 0 && <Rows policies={all ? found : found.slice(0, most)} />}
			{value && found.length > 0 && (
				<p class="muted" role="status">
					{found.length === value.policies.length ? `${found.length} in all.` : `${found.length} of ${value.policies.length}.`}{" "}
					{!all && found.length > most && (
						<button type="button" class="link" onClick={() => setAll(true)}>
							Show more than {most}
						</button>
					)}
				</p>
			)}
		</>
	);
}

// Filter has the focus when one types /.
function Filter({ text, onInput }: { text: string; onInput: (text: string) => void }) {
	const field = useRef<HTMLInputElement>(null);
	useSlash(field);
	return <input ref={field} type="search" aria-label="Filter by name, service or file" placeholder="Filter ( / )" value={text} onInput={(e) => onInput(e.currentTarget.value)} />;
}

// Trouble has the lines of what is wrong with the files: the banner has them in one.
function Trouble() {
	const problem = status.value?.daemon?.problem;
	if (!problem) return null;
	return (
		<section class="card trouble" aria-labelledby="trouble-title">
			<h2 id="trouble-title">What is wrong with the files</h2>
			<p class="muted">What was at work before still is, until they are mended.</p>
			<pre tabIndex={0}>{visible(problem)}</pre>
		</section>
	);
}

function Rows({ policies }: { policies: Policy[] }) {
	return (
		<div class="card list">
			<table class="policy-list">
				<thead>
					<tr>
						<th scope="col">Policy</th>
						<th scope="col">Service</th>
						<th scope="col">From</th>
						<th scope="col">State</th>
						<th scope="col">Revision</th>
					</tr>
				</thead>
				<tbody>
					{policies.map((p) => (
						<Row key={p.name + p.about.source} p={p} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function Row({ p }: { p: Policy }) {
	const { place, leftOut, revision, actor } = p.about;
	const who = me.value?.name ?? "";
	return (
		<tr>
			<th scope="row">
				<a href={"/policies/" + encodeURIComponent(p.name)}>
					<Name text={p.name} />
				</a>
				{kept(sessionStorage, keyOf(who, p.name)) && <Chip tone="warn">draft</Chip>}
			</th>
			<td data-name="service">
				<a href={"/services/" + encodeURIComponent(p.service)}>
					<Name text={p.service} />
				</a>
			</td>
			<td data-name="from">
				{place ? (
					<code title={place}>{visible(briefPlace(place))}</code>
				) : (
					<span>
						API{actor && <span class="muted">, by <Name text={actor} /></span>}
					</span>
				)}
			</td>
			<td class="chips">
				<State p={p} />
				{leftOut && (
					<p class="left-out bad">
						<Foreign text={leftOut} />
					</p>
				)}
			</td>
			<td data-name="revision">{revision ? <code title={revision}>{revision.slice(0, 8)}</code> : <span class="muted">–</span>}</td>
		</tr>
	);
}

// State says in chips what a policy is set to, and what is to be said of it.
export function State({ p }: { p: Policy }) {
	const { enabled, mode, leftOut } = p.about;
	const warnings = p.about.warnings?.length ?? 0;
	return (
		<>
			{leftOut ? <Chip tone="bad">left out</Chip> : <Chip tone={enabled ? "good" : "off"}>{enabled ? "enabled" : "disabled"}</Chip>}{" "}
			{mode !== "live" && <Chip tone="calm">{mode}</Chip>} {warnings > 0 && <Chip tone="warn">{warnings === 1 ? "1 warning" : `${warnings} warnings`}</Chip>}
		</>
	);
}
