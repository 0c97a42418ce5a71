// The stretch of time that the plots show, as the address of the page has it. Pure.

// Range is so many seconds up to now, or from one time to another, in seconds since 1970.
export type Range = { last: number } | { from: number; to: number };

export interface Span {
	from: number;
	to: number;
}

export const presets = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };
const longest = 366 * 86400;
const usual = 3600;

// seconds reads 15m or 7d; undefined where it is no length of time.
export function seconds(text: string | undefined): number | undefined {
	const m = /^(\d{1,6})([smhd])$/.exec(text ?? "");
	const n = Number(m?.[1]) * (units[m?.[2] ?? ""] ?? 0);
	return n >= 1 && n <= longest ? n : undefined;
}

// rangeIn reads the query of the page's address. What can't be read is the last hour.
export function rangeIn(query: Record<string, string | undefined>): Range {
	const [from, to] = [instant(query.from), instant(query.to)];
	if (from !== undefined && to !== undefined && from < to) return { from, to: Math.min(to, from + longest) };
	return { last: seconds(query.last) ?? usual };
}

function instant(text: string | undefined): number | undefined {
	const t = text && /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(t) ? undefined : t / 1000;
}

// queryOf is what rangeIn reads.
export function queryOf(r: Range): { last?: string; from?: string; to?: string } {
	if ("last" in r) return { last: lengthOf(r.last) };
	return { from: stamp(r.from), to: stamp(r.to) };
}

function lengthOf(n: number): string {
	for (const unit of ["d", "h", "m"]) {
		const of = units[unit] ?? 1;
		if (n % of === 0 && (unit !== "d" || n > of)) return n / of + unit;
	}
	return n + "s";
}

// stamp writes a time as the API reads it, to the second.
export function stamp(at: number): string {
	return new Date(Math.floor(at) * 1000).toISOString().replace(".000Z", "Z");
}

// spanOf is the stretch itself. One that ends now moves with it in steps that one can see, and no smaller.
export function spanOf(r: Range, now: number, pixels: number): Span {
	if (!("last" in r)) return r;
	const step = Math.max(1, Math.floor(r.last / Math.max(pixels, 1)));
	const to = Math.ceil(now / step) * step;
	return { from: to - r.last, to };
}

// zoomedTo is the stretch that was drawn out, in whole seconds, and not beyond now.
export function zoomedTo(from: number, to: number, now: number, least: number): Span {
	const end = Math.ceil(Math.min(to, now));
	const begin = Math.max(Math.floor(from), end - longest);
	return { from: Math.min(begin, end - least), to: end };
}

// shifted is a stretch of the same length, a part of it earlier or later, and not beyond now.
export function shifted(s: Span, share: number, now: number): Span {
	const long = s.to - s.from;
	const to = Math.min(s.to + long * share, now);
	return { from: to - long, to };
}
