// The audit log: what is asked of it, and how what comes live is put before it.
import type { Entry } from "../shapes";
import type { Words } from "./query";

export const fields = ["kind", "service", "policy", "actor", "since", "until", "after"] as const;
export type Asked = Words<(typeof fields)[number]>;

// kinds says what each kind of entry is about.
export const kinds: Record<string, string> = {
	switch: "autoscaling was turned on or off",
	pause: "a pause was begun",
	resume: "a pause was ended",
	decision: "an event was opened: something was decided, and is being done",
	event: "an event ended, and how",
	policy: "a policy was added, changed or removed",
	daemon: "a daemon started or stopped, began or ceased to lead",
	store: "the store was begun anew, restored or moved",
	access: "somebody logged in, or was refused; a token or a person was added, changed or removed",
	notify: "notifications that were given up are tried again",
	trouble: "a policy can't be followed, or a service not be reached",
	recovery: "it can again",
};

export const page = 100;
export const mostEntries = 1000; // that the daemon gives at once

// query is what to ask the daemon for.
export function query(asked: Asked, limit = page): Record<string, string | number> {
	return { ...asked, limit };
}

// older asks for what comes before the oldest that is shown. Entries are in the order in which they were written, which is not
// always that of their times: it asks from a little later on, and merged leaves out what is there already.
export function older(asked: Asked, oldest: Entry, limit = page): Record<string, string | number> {
	const overlap = 2000; // milliseconds
	return { ...query(asked, limit), until: new Date(Date.parse(oldest.at) + overlap).toISOString() };
}

// later asks for what comes after the newest that is shown, where it was asked for from a number on.
export function later(asked: Asked, newest: Entry): Record<string, string | number> {
	return { ...query(asked), after: newest.number };
}

// merged puts lists together: each entry once, the newest first.
export function merged(...lists: Entry[][]): Entry[] {
	const all = new Map<number, Entry>();
	for (const e of lists.flat()) all.set(e.number, e);
	return [...all.values()].sort((a, b) => b.number - a.number);
}

// live are those entries of the stream that are asked for. Of a page that ends in the past, or goes on from a number, there are
// none.
export function live(entries: Entry[], asked: Asked, above: number): Entry[] {
	if (asked.until !== "" || asked.after !== "") return [];
	return entries.filter(
		(e) =>
			e.number > above &&
			(asked.kind === "" || e.kind === asked.kind) &&
			(asked.actor === "" || e.actor === asked.actor) &&
			(asked.service === "" || e.service === asked.service) &&
			(asked.policy === "" || e.policy === asked.policy),
	);
}
