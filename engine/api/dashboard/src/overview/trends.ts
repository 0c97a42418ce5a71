// The trends of the rows that one sees: one request for all of them, when scrolling has come to rest.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, at, Refused } from "../api";
import { refresh } from "../live";
import type { Trends } from "../shapes";
import { due, points, type Kept } from "./trend";

const rest = 150; // milliseconds without another row coming into sight
const fresh = 60_000;
const look = 10_000; // so often it is looked at what is old, and tried again what was refused
const most = 50; // services of a request

export interface Known {
	of: Map<string, Kept>; // by policy
	error: unknown;
}

// useTrends keeps what was asked for once, and asks anew for what is in sight.
export function useTrends(services: string[]): Known {
	const [known, set] = useState<Known>({ of: new Map(), error: undefined });
	const asked = useRef(new Map<string, number>());
	const seen = useRef(services);
	const busy = useRef(false);
	const gone = useRef(new AbortController());
	seen.current = services;

	const more = async () => {
		const now = Date.now();
		const wanted = due(seen.current, asked.current, now, fresh, most);
		if (busy.current || wanted.length === 0 || document.hidden) return;
		busy.current = true;
		try {
			const a = await ask<Trends>(at(["trends"], { services: wanted.join(","), last: "1h", points }), { signal: gone.current.signal });
			for (const s of wanted) asked.current.set(s, now);
			set((k) => ({ of: withTrends(k.of, a), error: undefined }));
		} catch (error) {
			if (gone.current.signal.aborted) return;
			set((k) => ({ ...k, error }));
			if (error instanceof Refused && error.status === 404) void refresh(); // a service that was there is not any more
			return;
		} finally {
			busy.current = false;
		}
		void more(); // the window moved on, or has more than fits in a request
	};

	useEffect(() => {
		const timer = setTimeout(() => void more(), rest);
		return () => clearTimeout(timer);
	}, [services.join(",")]);

	useEffect(() => {
		const timer = setInterval(() => void more(), look);
		return () => {
			clearInterval(timer);
			gone.current.abort();
		};
	}, []);
	return known;
}

function withTrends(of: Map<string, Kept>, a: Trends): Map<string, Kept> {
	const all = new Map(of);
	for (const trend of a.trends) all.set(trend.policy, { from: Date.parse(a.from) / 1000, step: a.step, trend });
	return all;
}
