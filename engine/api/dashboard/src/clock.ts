// What time it is for the daemon. All times on the pages are of its clock, which need not be that of the browser: what is so long
// ago, and what has so long left, is told by its clock too.

const near = 5000; // milliseconds: less tells nothing, an answer's time being in whole seconds and its way taking a while

// skewed is how far the daemon's clock is ahead of the browser's, in milliseconds, by the time of an answer that came at a time.
// What was known before holds on where it is about the same.
export function skewed(before: number, answer: string | null, at: number): number {
	const told = Date.parse(answer ?? "");
	if (Number.isNaN(told)) return before;
	const off = told + 500 - at;
	if (Math.abs(off) < near) return 0;
	return Math.abs(off - before) < near ? before : off;
}

let skew = 0;

// hear takes the time that an answer has.
export function hear(answer: string | null): void {
	skew = skewed(skew, answer, Date.now());
}

// daemonTime is the time now, in milliseconds since 1970.
export function daemonTime(): number {
	return Date.now() + skew;
}
