// How the list is narrowed and sorted.
import { useRef } from "preact/hooks";
import type { State } from "../shapes";
import { useSlash } from "../ui/slash";
import { sorts, toggled, type Sort, type View } from "./list";

export const titles: Record<Sort, string> = { name: "Name", state: "State", replicas: "Replicas", event: "Last event" };

interface Props {
	view: View;
	choose: (v: View) => void;
	counts: [State["name"], number][];
	all: number;
	shown: number;
	select: boolean; // there are no columns to click on
}

export function Tools({ view, choose, counts, all, shown, select }: Props) {
	return (
		<div class="tools">
			<div class="toolbar">
				<Filter text={view.text} onText={(text) => choose({ ...view, text })} />
				{select && <Order view={view} choose={choose} />}
				<span class="muted" role="status">
					{shown === all ? `${all} ${all === 1 ? "policy" : "policies"}` : `${shown} of ${all} policies`}
				</span>
			</div>
			<div class="toolbar states" role="group" aria-label="By state">
				<button type="button" aria-pressed={view.states.length === 0} onClick={() => choose({ ...view, states: [] })}>
					all
				</button>
				{counts.map(([state, n]) => (
					<button key={state} type="button" class={state} aria-pressed={view.states.includes(state)} onClick={() => choose(toggled(view, state))}>
						{state} <b>{n}</b>
					</button>
				))}
			</div>
		</div>
	);
}

// Filter has the focus after a slash, wherever one is but in another field.
function Filter({ text, onText }: { text: string; onText: (text: string) => void }) {
	const field = useRef<HTMLInputElement>(null);
	useSlash(field);
	return (
		<input
			ref={field}
			type="search"
			class="find"
			placeholder="Filter by name ( / )"
			aria-label="Filter by the name of a policy or service"
			aria-keyshortcuts="/"
			value={text}
			maxLength={200}
			onInput={(e) => onText(e.currentTarget.value)}
			onKeyDown={(e) => {
				if (e.key !== "Escape") return;
				e.preventDefault();
				onText("");
			}}
		/>
	);
}

function Order({ view, choose }: { view: View; choose: (v: View) => void }) {
	return (
		<>
			<label class="row">
				<span class="muted">Sort</span>
				<select value={view.sort} onChange={(e) => choose({ ...view, sort: e.currentTarget.value as Sort, reverse: false })}>
					{sorts.map((s) => (
						<option key={s} value={s}>
							{titles[s]}
						</option>
					))}
				</select>
			</label>
			<button type="button" aria-pressed={view.reverse} aria-label="The other way round" onClick={() => choose({ ...view, reverse: !view.reverse })}>
				{view.reverse ? "↑" : "↓"}
			</button>
		</>
	);
}
