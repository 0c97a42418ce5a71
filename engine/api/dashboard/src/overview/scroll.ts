// The list scrolls with the page.
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { spanOf, type Span } from "./window";

// useSpan are the rows in sight. It measures when the page scrolls, when its size changes, and when something above the list does.
export function useSpan(body: RefObject<HTMLElement | null>, row: number, count: number): Span {
	const [span, set] = useState<Span>({ first: 0, last: 0 });
	const measure = () => {
		if (!body.current) return;
		const next = spanOf(body.current.getBoundingClientRect().top, innerHeight, row, count);
		set((s) => (s.first === next.first && s.last === next.last ? s : next));
	};
	useLayoutEffect(measure, [row, count]);
	useEffect(() => {
		const size = new ResizeObserver(measure);
		size.observe(document.body);
		addEventListener("scroll", measure, { passive: true });
		addEventListener("resize", measure);
		return () => {
			size.disconnect();
			removeEventListener("scroll", measure);
			removeEventListener("resize", measure);
		};
	}, [row, count]);
	return span;
}

// useAbove is how much of the window the page's head covers, where it stays there.
export function useAbove(): number {
	const [height, set] = useState(0);
	useEffect(() => {
		const top = document.querySelector<HTMLElement>("header.top");
		if (!top) return;
		const size = new ResizeObserver(() => set(getComputedStyle(top).position === "sticky" ? top.offsetHeight : 0));
		size.observe(top);
		return () => size.disconnect();
	}, []);
	return height;
}
