// Which events are shown. The daemon gives the newest of all services, or of one; what else is asked for is sorted out here.
import type { Event } from "../shapes";
import { ending } from "../event";
import type { Words } from "./query";

export const fields = ["service", "action", "result", "last", "text", "limit"] as const;
export type Asked = Words<(typeof fields)[number]>;

export const actions = ["scale_up", "scale_down"];
export const results = ["open", "succeeded", "partial", "failed", "rolled_back", "interrupted", "seen", "shadow"];
export const ranges: Record<string, number> = { "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400, "7d": 604800, "30d": 2592000 };
const limits = [100, 300, 1000];
export const mostEvents = 1000; // that the daemon gives at once

// limitOf is how many are asked for.
export function limitOf(asked: Asked): number {
	const n = Number(asked.limit);
	return limits.find((l) => l >= n) ?? mostEvents;
}

// more is how many to ask for next; undefined: it can't be more.
export function more(limit: number): number | undefined {
	return limits.find((l) => l > limit);
}

// since is the beginning of the range in milliseconds; undefined: it has none.
export function since(asked: Asked, now: number): number | undefined {
	const seconds = ranges[asked.last];
	return seconds === undefined ? undefined : now - seconds * 1000;
}

// matching are those events that are asked for.
export function matching(events: Event[], asked: Asked, now: number): Event[] {
	const from = since(asked, now);
	const text = asked.text.toLowerCase();
	return events.filter(
		(e) =>
			(asked.service === "" || e.service === asked.service) &&
			(asked.action === "" || e.action === asked.action) &&
			(asked.result === "" || ending(e) === asked.result) &&
			(from === undefined || Date.parse(e.started) >= from) &&
			(text === "" || said(e).toLowerCase().includes(text)),
	);
}

function said(e: Event): string {
	return [e.id, e.policy, e.service, e.actor, e.error, e.log, ...(e.reasons ?? []).flatMap((r) => [r.code, r.message])].join("\n");
}

// reach says how far back what is listed goes, where that is not all that is asked for.
export function reach(events: Event[], limit: number, asked: Asked, now: number): "all" | "enough" | "cut" {
	if (events.length < limit) return "all";
	const oldest = events.at(-1);
	const from = since(asked, now);
	return oldest && from !== undefined && Date.parse(oldest.started) < from ? "enough" : "cut";
}

// tally counts how the events ended, in the order of results.
export function tally(events: Event[]): [string, number][] {
	const counts = new Map<string, number>();
	for (const e of events) counts.set(ending(e), (counts.get(ending(e)) ?? 0) + 1);
	return results.flatMap((r): [string, number][] => (counts.has(r) ? [[r, counts.get(r) ?? 0]] : []));
}
