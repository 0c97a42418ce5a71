// Asking for something, and what came of it.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api";
import { link } from "../state";

export interface Loaded<T> {
	value: T | undefined; // stays while it is asked for anew
	error: unknown;
	loading: boolean;
	again: () => void;
}

// useLoad asks whenever a key differs, and every so many milliseconds where that is given. An answer that comes after the
// next question is left out.
export function useLoad<T>(get: (signal: AbortSignal) => Promise<T>, keys: unknown[], every = 0): Loaded<T> {
	const [state, set] = useState<{ value: T | undefined; error: unknown; loading: boolean; of: unknown[] }>({
		value: undefined,
		error: undefined,
		loading: true,
		of: keys,
	});
	const [turn, setTurn] = useState(0);
	const first = useRef(true);
	useEffect(() => {
		const stop = new AbortController();
		set((s) => ({ ...s, loading: true, value: first.current || same(s.of, keys) ? s.value : undefined, of: keys }));
		first.current = false;
		const once = () =>
			get(stop.signal).then(
				(value) => stop.signal.aborted || set({ value, error: undefined, loading: false, of: keys }),
				(error: unknown) => stop.signal.aborted || set((s) => ({ ...s, error, loading: false })),
			);
		void once();
		const timer = every > 0 ? setInterval(() => document.hidden || void once(), every) : undefined;
		return () => {
			stop.abort();
			clearInterval(timer);
		};
	}, [...keys, turn]);
	// What could not be had while the daemon was away is asked for when it is back.
	const away = state.error instanceof Refused && (state.error.status === 0 || state.error.status >= 500);
	useEffect(() => {
		if (away && link.value === "live") setTurn((t) => t + 1);
	}, [link.value]);
	return { value: state.value, error: state.error, loading: state.loading, again: () => setTurn((t) => t + 1) };
}

function same(a: unknown[], b: unknown[]): boolean {
	return a.length === b.length && a.every((v, i) => Object.is(v, b[i]));
}
