// What a metric is compared with, as the daemon words it, for a picture of it.

// Mark is one thing that a value is compared with.
export interface Mark {
	at: number;
	kind: "up" | "down" | "target";
	over: boolean; // the value has crossed it
}

export interface Picture {
	value: number; // in percent of the width, as all of these
	zero: number;
	marks: { at: number; kind: Mark["kind"]; over: boolean }[];
}

const shapes: [RegExp, Mark["kind"] | undefined][] = [
	[/^(?:up|down) (above|below) (\S+)$/, undefined],
	[/^[+−]\d+ (above|below) (\S+)$/, undefined],
	[/^(target) (\S+) ± \S+ %$/, "target"],
];

// marks reads what stands in the bounds of a metric. One that is not a value to compare with, such as a percentage of what was
// before, is none.
export function marks(bounds: string[], value: number): Mark[] {
	const all: Mark[] = [];
	for (const text of bounds) {
		for (const [shape, kind] of shapes) {
			const [, side, figure] = shape.exec(text) ?? [];
			const at = Number(figure);
			if (figure === undefined || !Number.isFinite(at)) continue;
			const raises = text.startsWith("up") || text.startsWith("+");
			all.push({ at, kind: kind ?? (raises ? "up" : "down"), over: side === "above" ? value > at : side === "below" && value < at });
		}
	}
	return all;
}

// picture lays a value and its marks out on one axis that has 0 in it. Where there is nothing to compare with there is none.
export function picture(bounds: string[], value: number | null | undefined): Picture | undefined {
	if (value === null || value === undefined || !Number.isFinite(value)) return undefined;
	const all = marks(bounds, value);
	if (all.length === 0) return undefined;
	const low = Math.min(0, value, ...all.map((m) => m.at));
	const high = Math.max(0, value, ...all.map((m) => m.at));
	const room = (high - low || 1) * 0.12;
	const from = low < 0 ? low - room : 0;
	const to = high > 0 ? high + room : 0;
	const place = (v: number) => Math.round(((v - from) / (to - from || 1)) * 1000) / 10;
	return { value: place(value), zero: place(0), marks: all.map((m) => ({ ...m, at: place(m.at) })) };
}
