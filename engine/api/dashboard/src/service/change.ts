import { useEffect, useRef } from "preact/hooks";

// useChange does something whenever a value differs from what it was before, and not at first.
export function useChange(value: unknown, f: () => void): void {
	const before = useRef(value);
	useEffect(() => {
		if (Object.is(before.current, value)) return;
		before.current = value;
		f();
	}, [value]);
}
