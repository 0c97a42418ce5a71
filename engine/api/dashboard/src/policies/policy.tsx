// One policy: what it says, what is wrong in it, how it came to be so, and a draft of what it is to say.
import "./policies.css";
import { useLocation, useRoute } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { ask, at, Refused } from "../api";
import type { Policy as Told, Revised, Source } from "../shapes";
import { useChange } from "../service/change";
import { byName, may } from "../state";
import { Dialog } from "../ui/dialog";
import { useLoad, type Loaded } from "../ui/load";
import { Failed, Loading } from "../ui/notice";
import { Foreign, Name, visible } from "../ui/text";
import { useTitle } from "../ui/title";
import { useDraft, type Drafting } from "./drafting";
import { Edit, written } from "./edit";
import { Facts } from "./facts";
import { State } from "./policies";
import { Revisions } from "./revisions";
import { Text } from "./source";
import { useChanges } from "./use";

export function Policy() {
	const { params } = useRoute();
	const name = params.name ?? "";
	return <Page key={name} name={name} />;
}

function Page({ name }: { name: string }) {
	useTitle(visible(name));
	const { route } = useLocation();
	const drafting = useDraft(name);
	const [saved, setSaved] = useState(false);
	const told = useLoad((signal) => ask<{ policies: Told[] }>(at(["policies"], { name }), { signal }), [name]);
	const source = useLoad((signal) => ask<{ source: Source }>(at(["policies", name, "source"]), { signal }), [name], 60_000);
	const revisions = useLoad((signal) => ask<{ revisions: Revised[] }>(at(["policies", name, "revisions"], { limit: 200 }), { signal }), [name]);
	const again = () => [told, source, revisions].forEach((l) => l.again());
	useChanges(again);
	useRecorded(name, source.value?.source.revision, revisions);
	useEffect(() => {
		if (drafting.draft) setSaved(false);
	}, [drafting.draft]);
	const is = source.value?.source;
	const all = told.value?.policies ?? [];
	const policy = all[0];
	if (!is && source.error !== undefined) return <Gone name={name} error={source.error} drafting={drafting} again={again} />;
	if (!is) return <Loading of={"policy " + name.slice(0, 100)} />;
	return (
		<>
			<div class="head">
				<div class="title">
					<h1>
						<Name text={name} />
					</h1>
					{policy && <State p={policy} />}
				</div>
				<Deeds name={name} source={is} drafting={drafting} onGone={() => route("/policies")} />
			</div>
			{policy && <Facts p={policy} source={is} revisions={revisions.value?.revisions ?? []} />}
			{saved && !drafting.draft && (
				<p class="saved" role="status">
					Saved, and at work.
				</p>
			)}
			{source.error !== undefined && <Failed error={source.error} again={again} />}
			{all.slice(1).map((p) => (
				<Second p={p} again={again} />
			))}
			{drafting.draft && (
				<Edit
					name={name}
					source={is}
					drafting={drafting}
					onSaved={() => {
						setSaved(true);
						again();
					}}
				/>
			)}
			<div class="columns">
				<Text source={is} folded={drafting.draft !== undefined && is.kind === "api"} />
				<section class="card" aria-labelledby="revisions-title">
					<h2 id="revisions-title">Revisions</h2>
					{revisions.error !== undefined ? (
						<Failed error={revisions.error} again={revisions.again} />
					) : revisions.value ? (
						<Revisions name={name} revisions={revisions.value.revisions} />
					) : (
						<Loading of="the revisions" />
					)}
				</section>
			</div>
		</>
	);
}

// useRecorded asks for the revisions once more after a decision, while the one at work is not among them: it is recorded by its first.
function useRecorded(name: string, revision: string | undefined, { value, again }: Loaded<{ revisions: Revised[] }>): void {
	const decided = byName.value.get(name)?.lastEvaluation;
	const missing = Boolean(revision) && value !== undefined && !value.revisions.some((r) => r.id === revision);
	useChange(decided, () => missing && again());
}

interface GoneProps {
	name: string;
	error: unknown;
	drafting: Drafting;
	again: () => void;
}

// Gone stands where there is no such policy, with the draft that may be left of it.
function Gone({ name, error, drafting, again }: GoneProps) {
	const gone = error instanceof Refused && error.status === 404;
	return (
		<>
			<Failed error={error} again={again} />
			{gone && <a href="/policies">All policies</a>}
			{gone && drafting.draft && may("policies") && <Edit name={name} drafting={drafting} onSaved={again} />}
		</>
	);
}

interface DeedsProps {
	name: string;
	source: Source;
	drafting: Drafting;
	onGone: () => void;
}

// Deeds are what one may do with it.
function Deeds({ name, source, drafting, onGone }: DeedsProps) {
	const [asked, setAsked] = useState(false);
	const [error, setError] = useState<unknown>();
	if (!may("policies")) return <span class="muted">Your role may look at policies, and not change or try them.</span>;
	const begin = async () => {
		setError(undefined);
		try {
			const { source: now } = await ask<{ source: Source }>(at(["policies", name, "source"])); // it may have been changed a moment ago
			drafting.begin(now.editable ? now.text : await written(name), now.etag);
		} catch (e) {
			setError(e);
		}
	};
	return (
		<div class="toolbar">
			{error !== undefined && <Failed error={error} />}
			{source.editable && (
				<button type="button" onClick={() => setAsked(true)}>
					Delete
				</button>
			)}
			{!drafting.draft && (
				<button type="button" class="primary" onClick={() => void begin()}>
					{source.editable ? "Edit" : "Try a change"}
				</button>
			)}
			{asked && (
				<Delete
					name={name}
					etag={source.etag}
					onDone={() => {
						drafting.end();
						onGone();
					}}
					onClose={() => setAsked(false)}
				/>
			)}
		</div>
	);
}

function Delete({ name, etag, onDone, onClose }: { name: string; etag: string; onDone: () => void; onClose: () => void }) {
	return (
		<Dialog
			title={`Delete the policy ${name}?`}
			confirm="Delete"
			grave
			onConfirm={async () => {
				await ask(at(["policies", name]), { method: "DELETE", headers: { "If-Match": etag } });
				onDone();
			}}
			onClose={onClose}
		>
			<p>Its service keeps the replicas it has, and is not scaled by this policy any more. What was decided by it stays on record.</p>
		</Dialog>
	);
}

// Second is a policy by API that a file has the name of.
function Second({ p, again }: { p: Told; again: () => void }) {
	const [asked, setAsked] = useState(false);
	return (
		<div class="card">
			<p>
				A policy by API has this name too, and is left out: <Foreign text={p.about.leftOut ?? "files win"} />
			</p>
			{may("policies") && (
				<button type="button" onClick={() => setAsked(true)}>
					Delete the one by API
				</button>
			)}
			{asked && <Delete name={p.name} etag={p.about.etag} onDone={again} onClose={() => setAsked(false)} />}
		</div>
	);
}
