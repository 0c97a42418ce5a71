// The arithmetic of a plot: what lies where, and how it is labelled. Pure.

// reach has all values and levels in the picture, and some room. Only what goes below 0 is drawn below it.
export function reach(min: number | null, max: number | null, levels: number[], zero = false): [number, number] {
	let low = Math.min(min ?? Infinity, ...levels);
	let high = Math.max(max ?? -Infinity, ...levels);
	if (low === Infinity) return [0, 1];
	if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
	const room = (high - low || Math.abs(high) || 1) * 0.08;
	return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

// nearest is the place of the time that is closest to one; -1 where there is none.
export function nearest(times: number[], at: number): number {
	let low = 0;
	let high = times.length - 1;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((times[middle] ?? Infinity) < at) low = middle;
		else high = middle;
	}
	const [a, b] = [times[low], times[high]];
	if (a === undefined || b === undefined) return -1;
	return at - a <= b - at ? low : high;
}

// shortest is the shortest stretch that a plot shows, in seconds.
export const shortest = 30;

// zoomed is a stretch so many times as long, in which a time stays where it is.
export function zoomed(from: number, to: number, at: number, factor: number): [number, number] {
	const long = Math.max(shortest, (to - from) * factor);
	const share = (Math.min(Math.max(at, from), to) - from) / (to - from || 1);
	const begin = at <= from ? from : at >= to ? to - long : at - share * long;
	return [begin, begin + long];
}

// isolated are the places of values with gaps on both sides: no line leads to them, so each is a dot.
export function isolated(values: ArrayLike<number | null | undefined>): number[] {
	const found: number[] = [];
	let before: number | null = null; // what stands before, but for undefined
	let alone = -1; // a place that is one if a gap follows
	for (let i = 0; i < values.length; i++) {
		const v = values[i];
		if (v === undefined) continue;
		if (v === null && alone >= 0) found.push(alone);
		alone = v !== null && before === null ? i : -1;
		before = v;
	}
	if (alone >= 0) found.push(alone);
	return found;
}

// sampled are the places of at most so many, evenly, the newest first.
export function sampled(times: number[], most: number): number[] {
	const step = Math.max(1, Math.ceil(times.length / most));
	const all: number[] = [];
	for (let i = times.length - 1; i >= 0; i -= step) all.push(i);
	return all;
}

// ticks are labelled with the clock, and with the day where it is another.
export function ticks(at: number[]): string[] {
	let day = "";
	const step = (at[1] ?? 0) - (at[0] ?? 0);
	const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(step > 0 && step < 60 ? { second: "2-digit" } : {}) };
	return at.map((t) => {
		const d = new Date(t * 1000);
		const date = d.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
		if (step >= 86400) return date;
		const time = d.toLocaleTimeString("en-GB", clock);
		const text = date === day ? time : `${time}\n${date}`;
		day = date;
		return text;
	});
}
