// How numbers and times are written, the same everywhere.

const thin = "\u202f";

// number writes a reading with as many digits as one can use: 3 significant ones, and k, M or G from ten thousand on.
export function number(v: number | null | undefined): string {
	if (v === null || v === undefined || !Number.isFinite(v)) return "–";
	const size = Math.abs(v);
	for (const [unit, of] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
		if (size >= of * 10 || (of > 1e3 && size >= of)) return trimmed(v / of) + thin + unit;
	}
	return trimmed(v);
}

function trimmed(v: number): string {
	const size = Math.abs(v);
	if (size >= 100) return v.toFixed(0);
	const digits = size >= 10 ? 1 : size >= 1 ? 2 : 3;
	return String(Number(v.toFixed(digits)));
}

// length writes a length of time in its two largest units: 1d 4h, 5m, 12s.
export function length(seconds: number): string {
	if (!Number.isFinite(seconds)) return "–";
	let left = Math.max(0, Math.round(seconds));
	const parts: string[] = [];
	for (const [unit, of] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]] as const) {
		const n = Math.floor(left / of);
		left -= n * of;
		if (n > 0) parts.push(n + unit);
		else if (parts.length > 0) break;
		if (parts.length === 2) break;
	}
	return parts.join(" ") || "0s";
}

// ago writes how long before now something was.
export function ago(at: number, now: number): string {
	const seconds = (now - at) / 1000;
	return seconds < 5 ? "now" : length(seconds >= 3600 ? Math.floor(seconds / 60) * 60 : seconds) + " ago";
}

const clockOf = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayOf = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const wholeOf = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

// when writes a time: of today the clock, else the day as well.
export function when(at: number, now: number): string {
	const t = new Date(at);
	const clock = clockOf.format(t);
	return t.toDateString() === new Date(now).toDateString() ? clock : `${dayOf.format(t)} ${clock}`;
}

// whole writes all of a time, with its zone.
export function whole(at: number): string {
	return wholeOf.format(new Date(at));
}

// change writes from → to.
export function change(from: number, to: number): string {
	return `${from} → ${to}`;
}

const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

// visible writes what can't be seen, and could turn a line around, so that it can.
export function visible(text: string): string {
	return text.replace(invisible, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}
