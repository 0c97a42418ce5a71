// A draft of a policy: written, checked, tried, and saved where it may be.
import { useRef, useState } from "preact/hooks";
import { ask, at, raw, reason, Refused } from "../api";
import type { Source } from "../shapes";
import { Chip } from "../ui/chip";
import { Dialog } from "../ui/dialog";
import { Time } from "../ui/text";
import { Conflict } from "./conflict";
import { marksIn, useCheck, type Checked, type Drafting } from "./drafting";
import { Editor, goTo } from "./editor";
import { Marks } from "./marks";
import { counted, type Mark } from "./place";
import { Try } from "./try";

interface Props {
	name: string; // "": a new policy
	source?: Source; // what stands there now
	drafting: Drafting;
	onSaved: (name: string) => void;
}

// Refusal is what came of saving a text.
interface Refusal {
	error: unknown;
	marks: Mark[];
	of: string;
}

export function Edit({ name, source, drafting, onSaved }: Props) {
	const field = useRef<HTMLTextAreaElement>(null);
	const { draft } = drafting;
	const checked = useCheck(name, draft?.text);
	const [refused, setRefused] = useState<Refusal>();
	const [wrong, setWrong] = useState<Pick<Refusal, "marks" | "of">>(); // as a trial found
	const [asked, setAsked] = useState<"save" | "discard">();
	const [theirs, setTheirs] = useState<Source | "gone">();
	if (!draft) return null;
	const { text } = draft;
	const saves = !source || source.editable;
	const changed = text !== draft.base;
	const told = refused?.of === text ? refused : undefined;
	const found = wrong?.of === text ? wrong.marks : [];
	const marks = told && told.marks.length > 0 ? told.marks : found.length > 0 ? found : checked.marks;

	const save = async (etag: string) => {
		setRefused(undefined);
		try {
			const saved = await put(name, text, etag);
			setTheirs(undefined);
			drafting.end();
			onSaved(saved);
		} catch (e) {
			if (e instanceof Refused && e.status === 412) setTheirs(await now(name));
			else if (e instanceof Refused && e.status > 0) setRefused({ error: e, marks: marksIn(e, text, "body"), of: text });
			else throw e;
		}
	};
	const discard = () => {
		setTheirs(undefined);
		drafting.end();
	};

	return (
		<section class="card draft" aria-labelledby="draft-title">
			<div class="head">
				<h2 id="draft-title">{!source ? "New policy" : saves ? "Draft" : "Draft, to be tried"}</h2>
				<State checked={checked} marks={marks} />
				<div class="toolbar grow">
					<span class="muted" role="status">
						{changed ? <>not saved; changed <Time at={new Date(draft.at).toISOString()} relative /></> : "nothing changed yet"}
					</span>
				</div>
				<div class="toolbar">
					<button type="button" onClick={() => (changed ? setAsked("discard") : discard())}>
						{changed ? "Discard" : "Close"}
					</button>
					{saves ? (
						<button type="button" class="primary" disabled={(!changed && source !== undefined) || checked.state === "invalid"} onClick={() => setAsked("save")}>
							{source ? "Save" : "Add"}
						</button>
					) : (
						<Copy text={text} field={field.current} />
					)}
				</div>
			</div>
			<Notes drafting={drafting} {...(source ? { source } : {})} />
			{theirs !== undefined && (
				<Conflict
					mine={text}
					theirs={theirs}
					onMine={() => save(theirs === "gone" ? "" : theirs.etag)}
					onTheirs={discard}
					onEdit={() => {
						if (theirs !== "gone") drafting.rebase(theirs.text, theirs.etag);
						else drafting.rebase("", "");
						setTheirs(undefined);
					}}
				/>
			)}
			<Editor text={text} language="json" label="The policy, as JSON" marks={marks} describedBy="draft-marks" field={field} onInput={drafting.write} />
			{told && <Why title="Nothing was saved." error={told.error} marks={told.marks} />}
			{!told && checked.state === "unknown" && checked.of === text && <Why title="It could not be checked." error={checked.error} marks={[]} />}
			<Marks id="draft-marks" marks={marks} onGo={(m) => goTo(field.current, m)} />
			<Try name={name} text={text} wrong={checked.state === "invalid"} onRefused={(e) => setWrong({ marks: marksIn(e, text, "body.policy"), of: text })} />
			{asked === "save" && (
				<Dialog title={source ? `Save ${name}?` : "Add this policy?"} confirm={source ? "Save" : "Add"} onConfirm={() => save(draft.etag)} onClose={() => setAsked(undefined)}>
					<p>It is at work as soon as it is saved: what it says of its service holds from its next evaluation on.</p>
					{marks.length > 0 && <p class="warn">It has {counted(marks)}.</p>}
				</Dialog>
			)}
			{asked === "discard" && (
				<Dialog title="Discard the draft?" confirm="Discard" grave onConfirm={async () => discard()} onClose={() => setAsked(undefined)}>
					<p>What you changed is lost. {source ? "The policy stays as it is." : ""}</p>
				</Dialog>
			)}
		</section>
	);
}

// put saves a policy, and answers what it is called.
async function put(name: string, text: string, etag: string): Promise<string> {
	const path = name ? at(["policies", name]) : "policies";
	const headers: Record<string, string> = etag ? { "If-Match": etag } : {};
	const saved = await ask<{ policy: { name: string } }>(path, { method: name ? "PUT" : "POST", body: text.trimStart(), headers });
	return saved.policy.name;
}

// now is what stands there.
async function now(name: string): Promise<Source | "gone"> {
	try {
		return (await ask<{ source: Source }>(at(["policies", name, "source"]))).source;
	} catch (e) {
		if (e instanceof Refused && e.status === 404) return "gone";
		throw e;
	}
}

// written is a policy as its author wrote it, as JSON that is laid out.
export async function written(name: string): Promise<string> {
	const body: unknown = await (await raw("/api/autoscaling/" + at(["policies", name]))).json();
	return JSON.stringify(body, null, 2) + "\n";
}

// Why says what is in the way. What is wrong at a place of the text is told there.
function Why({ title, error, marks }: { title: string; error: unknown; marks: Mark[] }) {
	const faults = error instanceof Refused && marks.length === 0 ? error.faults.filter((f) => f.message !== error.detail) : [];
	return (
		<div class="notice bad" role="alert">
			<strong>{title}</strong>
			<span class="as-lines">{reason(error)}</span>
			{faults.map((f) => (
				<span>
					<code>{f.location}</code> {f.message}
				</span>
			))}
		</div>
	);
}

function State({ checked, marks }: { checked: Checked; marks: Mark[] }) {
	switch (checked.state) {
		case "checking":
			return <Chip tone="off">checking…</Chip>;
		case "unknown":
			return <Chip tone="warn">not checked</Chip>;
		case "valid":
			return <Chip tone={marks.length > 0 ? "warn" : "good"}>{marks.length > 0 ? `valid, ${counted(marks)}` : "valid"}</Chip>;
	}
	return <Chip tone="bad">{counted(marks)}</Chip>;
}

// Notes are what one has to know of a draft.
function Notes({ drafting, source }: { drafting: Drafting; source?: Source }) {
	const { draft, found, lost } = drafting;
	return (
		<>
			{found && draft && draft.text !== draft.base && <p class="muted">This is the draft that you left here.</p>}
			{lost && <p class="warn">This browser does not keep the draft: it is lost when you leave the page.</p>}
			{source && !source.editable && (
				<p class="muted">
					The policy is in a file, and files win: change it there, in version control. Here a change can be tried; what you try stays in this tab.
				</p>
			)}
			{source && draft && draft.etag !== source.etag && (
				<p class="warn" role="status">
					The policy has been changed since this draft was begun.{source.editable ? " Saving shows both, and asks." : ""}
				</p>
			)}
		</>
	);
}

// Copy takes the draft to where it can be saved.
function Copy({ text, field }: { text: string; field: HTMLTextAreaElement | null }) {
	const [done, setDone] = useState("");
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			setDone("Copied");
		} catch {
			field?.focus(); // the browser does not let it: it is ready to be copied by hand
			field?.select();
			setDone("Selected");
		}
		setTimeout(() => setDone(""), 2000);
	};
	return (
		<button type="button" onClick={() => void copy()}>
			<span role="status">{done || "Copy the JSON"}</span>
		</button>
	);
}
