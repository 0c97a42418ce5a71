// A draft as a page holds it: kept in the tab while one types, and checked by the daemon.
import { useEffect, useState } from "preact/hooks";
import { ask, Refused } from "../api";
import { daemonTime } from "../clock";
import type { Flaw } from "../shapes";
import { me } from "../state";
import { drop, keep, kept, keyOf, type Draft } from "./draft";
import { wrongIn } from "./json";
import { hidden, marksOf, placeOf, type Mark } from "./place";
import { withPolicy } from "./trial";

export interface Drafting {
	draft: Draft | undefined;
	found: boolean; // it was left here before
	lost: boolean; // the browser does not keep it
	begin: (text: string, etag: string) => void;
	write: (text: string) => void;
	rebase: (base: string, etag: string) => void; // it now takes the place of another
	end: () => void;
}

// useDraft holds the draft of a policy; "" is a new one.
export function useDraft(name: string): Drafting {
	const key = keyOf(me.value?.name ?? "", name);
	const [draft, setDraft] = useState<Draft | undefined>(() => kept(sessionStorage, key));
	const [found, setFound] = useState(draft !== undefined);
	const [lost, setLost] = useState(false);
	const take = (d: Draft) => {
		setDraft(d);
		setLost(!keep(sessionStorage, key, d));
	};
	useWarning(draft !== undefined && draft.text !== draft.base);
	return {
		draft,
		found,
		lost,
		begin: (text, etag) => take({ text, base: text, etag, at: daemonTime() }),
		write: (text) => draft && take({ ...draft, text, at: daemonTime() }),
		rebase: (base, etag) => draft && take({ ...draft, base, etag }),
		end: () => {
			drop(sessionStorage, key);
			setDraft(undefined);
			setFound(false);
		},
	};
}

// useWarning has the browser ask before the tab is closed. Other pages of this client may be gone to: the draft is kept.
function useWarning(unsaved: boolean): void {
	useEffect(() => {
		if (!unsaved) return;
		const warn = (e: BeforeUnloadEvent) => e.preventDefault();
		addEventListener("beforeunload", warn);
		return () => removeEventListener("beforeunload", warn);
	}, [unsaved]);
}

export interface Checked {
	marks: Mark[];
	state: "checking" | "valid" | "invalid" | "unknown"; // unknown: nobody could look
	error?: unknown;
	of: string; // the text that it is said of
}

const pause = 350; // milliseconds without a key pressed

// useCheck says what is wrong with a text: whether it is JSON is known here, the rest the daemon knows.
export function useCheck(name: string, text: string | undefined): Checked {
	const [checked, set] = useState<Checked>({ marks: [], state: "checking", of: "" });
	useEffect(() => {
		if (text === undefined) return;
		const stop = new AbortController();
		set((c) => ({ ...c, state: "checking" }));
		const timer = setTimeout(() => {
			check(name, text, stop.signal).then(
				(c) => stop.signal.aborted || set(c),
				(error: unknown) => stop.signal.aborted || set({ marks: [], state: "unknown", error, of: text }),
			);
		}, pause);
		return () => {
			clearTimeout(timer);
			stop.abort();
		};
	}, [name, text]);
	return checked;
}

async function check(name: string, text: string, signal: AbortSignal): Promise<Checked> {
	const wrong = wrongIn(text);
	if (wrong) return { marks: [{ ...placeOf(text, wrong.at), severity: "error", message: wrong.message }], state: "invalid", of: text };
	const body = withPolicy(text, { name: name || undefined });
	const said = await ask<{ valid: boolean; problems: Flaw[] }>("policies/check", { method: "POST", body, signal });
	return { marks: [...marksOf(said.problems, text), ...hidden(text)], state: said.valid ? "valid" : "invalid", of: text };
}

// marksIn are what a refusal says of the text of a policy, which was sent under this name; what it says of anything else is in its
// detail.
export function marksIn(e: unknown, text: string, under: "body" | "body.policy"): Mark[] {
	if (!(e instanceof Refused)) return [];
	return marksOf(
		e.faults.filter((f) => f.location === under || f.location.startsWith(under + ".") || f.location.startsWith(under + "[")),
		text,
	);
}
