// The range of the page, in its address, so that it can be shared and the browser's way back leads back.
import { useRef } from "preact/hooks";
import { now } from "../state";
import { shortest } from "../ui/axis";
import { queryOf, rangeIn, shifted, spanOf, zoomedTo, type Range, type Span } from "./range";

export interface Time {
	range: Range;
	live: boolean;
	span: (pixels: number) => Span;
	show: (r: Range) => void;
	zoom: (from: number, to: number) => void;
	shift: (share: number) => void;
	toLive: () => void;
	policy: (name: string) => void;
}

// daemonNow is now in seconds.
export function daemonNow(): number {
	return now.value / 1000;
}

// useSpan reads and writes the query of the address.
export function useSpan(query: Record<string, string>, path: string, route: (url: string, replace?: boolean) => void): Time {
	const range = rangeIn(query);
	const live = "last" in range;
	const last = useRef<Range>({ last: 3600 });
	if (live) last.current = range;
	const go = (r: Range, policy = query.policy, replace = false) => {
		const q = new URLSearchParams(Object.entries({ ...queryOf(r), ...(policy ? { policy } : {}) }));
		route(`${path}?${q}`, replace);
	};
	return {
		range,
		live,
		span: (pixels) => spanOf(range, live ? daemonNow() : 0, pixels),
		show: (r) => go(r),
		zoom: (from, to) => go(zoomedTo(from, to, daemonNow(), shortest)),
		shift: (share) => go(zoomedTo(...ends(shifted(spanOf(range, daemonNow(), 600), share, daemonNow())), daemonNow(), shortest)),
		toLive: () => go(last.current),
		policy: (name) => go(range, name, true),
	};
}

function ends(s: Span): [number, number] {
	return [s.from, s.to];
}
