// How the rows of the list look, by the width of the window. A layout's rows are of one height, which the style fills.
import { computed, signal } from "@preact/signals";

export interface Layout {
	name: "one" | "two" | "cards"; // lines of a row
	row: number; // pixels
	metrics: number; // that have room
}

const cards: Layout = { name: "cards", row: 206, metrics: 2 };
const layouts: [string, Layout][] = [
	["(min-width: 1280px)", { name: "one", row: 72, metrics: 3 }],
	["(min-width: 1040px)", { name: "one", row: 72, metrics: 2 }],
	["(min-width: 760px)", { name: "two", row: 124, metrics: 4 }],
];

const fits = layouts.map(([query, of]) => {
	const list = matchMedia(query);
	const fit = signal(list.matches);
	list.addEventListener("change", (e) => (fit.value = e.matches));
	return { fit, of };
});

export const layout = computed(() => fits.find((f) => f.fit.value)?.of ?? cards);
