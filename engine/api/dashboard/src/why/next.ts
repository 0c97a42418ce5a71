// The decision of the same policy that came after one.
import { ask, at } from "../api";
import type { components } from "../openapi.gen";
import type { Explanation } from "../shapes";

type Row = components["schemas"]["StoreRow"];

const page = 100;
const pages = 5;

// next finds its number; undefined: there is none yet. What is on record is listed of all policies together, so it is looked for
// a little way first, and then further.
export async function next(e: Explanation, signal: AbortSignal, now: number): Promise<number | undefined> {
	if (!e.decision) return undefined;
	const from = Date.parse(e.last ?? e.record.at);
	const every = Math.max(1000, e.record.terms.every / 1e6);
	for (const reach of [3 * every, 60 * every, now - from]) {
		let after = e.decision;
		for (let i = 0; i < pages; i++) {
			const to = new Date(Math.min(from + reach, now)).toISOString();
			const query = { after, from: new Date(from).toISOString(), to, limit: page };
			const rows = (await ask<{ decisions: Row[] | null }>(at(["decisions"], query), { signal })).decisions ?? [];
			const found = following(rows, e);
			if (found) return found.id;
			if (rows.length < page) break;
			after = rows.at(-1)?.id ?? after;
		}
		if (from + reach >= now) return undefined;
	}
	return undefined;
}

// following is the first of rows that is of the same policy, and came later.
export function following(rows: Row[], e: Explanation): Row | undefined {
	return rows.find((r) => r.id > (e.decision ?? 0) && r.record.policy === e.record.policy);
}
