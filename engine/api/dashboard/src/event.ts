// What an event is called on all pages, and by the command too.
import type { Event } from "./shapes";

// ending is how an event ended, in one word.
export function ending(e: { mode: string; result?: string }): string {
	if (e.mode === "shadow") return "shadow"; // nothing was done that could have ended
	return e.result || "open";
}

// whyOf is what led to an event, in one line; "" where nothing is on record.
export function whyOf(e: Event): string {
	const all = (e.reasons ?? []).map((r) => (r.message || r.code).replace(/\s+/g, " ").trim());
	return [...new Set(all.filter((s) => s !== ""))].join("; ") || (e.request ? `${e.request.kind} was asked for` : "");
}
