// Which rows of a long list are drawn. All rows are of one height, so that a place is a number.

// Span is first to last, without last.
export interface Span {
	first: number;
	last: number;
}

const chunk = 4; // a span moves by so many rows: scrolling by one does not draw anew

// spanOf are the rows that one sees, and some around. top is where the list begins, from the upper edge of what one sees:
// below 0 once it was scrolled past.
export function spanOf(top: number, height: number, row: number, count: number): Span {
	const first = Math.floor((Math.floor(-top / row) - 2) / chunk) * chunk;
	const last = Math.ceil((Math.ceil((height - top) / row) + 2) / chunk) * chunk;
	return { first: Math.min(Math.max(0, first), count), last: Math.min(Math.max(0, last), count) };
}

// placesOf are the rows to draw: those of a span, and the one with the focus, which would be lost with it.
export function placesOf(span: Span, active: number, count: number): number[] {
	const all: number[] = [];
	const { first, last } = span;
	if (active >= 0 && active < Math.min(first, count)) all.push(active);
	for (let i = first; i < Math.min(last, count); i++) all.push(i);
	if (active >= Math.max(last, first) && active < count) all.push(active);
	return all;
}

// moved is where a key leads to from a row; undefined: it is no key of a list.
export function moved(key: string, from: number, count: number, page: number): number | undefined {
	const to = place(key, from, count, page);
	return to === undefined || count === 0 ? undefined : Math.min(Math.max(0, to), count - 1);
}

function place(key: string, from: number, count: number, page: number): number | undefined {
	switch (key) {
		case "ArrowDown":
			return from + 1;
		case "ArrowUp":
			return from - 1;
		case "PageDown":
			return from + page;
		case "PageUp":
			return from - page;
		case "Home":
			return 0;
		case "End":
			return count - 1;
	}
	return undefined;
}

// scrolled is by how much to scroll so that a row is all in sight, between what covers the upper edge and the lower edge.
export function scrolled(top: number, height: number, row: number, place: number, covered: number): number {
	const above = top + place * row - covered;
	const below = top + (place + 1) * row - height;
	if (above < 0) return above;
	return below > 0 ? Math.min(below, above) : 0;
}
