// Places in a text: the daemon counts lines and bytes, a browser UTF-16.

// Mark is one thing to say of a text, at its place.
export interface Mark {
	line: number; // from 1; 0: the text as a whole
	column: number; // from 1, in bytes
	severity: "error" | "warning";
	message: string;
	path?: string;
	rule?: string;
}

// inLine is where a column in bytes lies in a line.
export function inLine(line: string, column: number): number {
	let bytes = 1;
	let i = 0;
	for (const c of line) {
		if (bytes >= column) break;
		bytes += bytesOf(c);
		i += c.length;
	}
	return i;
}

function bytesOf(c: string): number {
	const code = c.codePointAt(0) ?? 0;
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

// offsetOf is where a place lies in a text; behind its end where there is no such line.
export function offsetOf(text: string, line: number, column: number): number {
	let start = 0;
	for (let n = 1; n < line; n++) {
		const end = text.indexOf("\n", start);
		if (end < 0) return text.length;
		start = end + 1;
	}
	const end = text.indexOf("\n", start);
	return start + inLine(text.slice(start, end < 0 ? undefined : end), column);
}

// placeOf is the line and the column of what lies at an offset.
export function placeOf(text: string, offset: number): { line: number; column: number } {
	const before = text.slice(0, offset);
	const start = before.lastIndexOf("\n") + 1;
	let column = 1;
	for (const c of before.slice(start)) column += bytesOf(c);
	return { line: before.split("\n").length, column };
}

const token = /^(?:"(?:[^"\\]|\\.)*"?|[\w$-]+|\s*\S)/u;

// reach is the end of what stands at an offset of a line: a word, a string, or one sign.
export function reach(line: string, at: number): number {
	return at + (token.exec(line.slice(at))?.[0].length ?? 0);
}

interface Said {
	path?: string;
	location?: string;
	line?: number;
	column?: number;
	severity?: string;
	message: string;
	rule?: string;
}

// marksOf are what the daemon says of a text of which it was not sent the space that it begins with.
export function marksOf(said: Said[], text: string): Mark[] {
	const lead = text.slice(0, text.length - text.trimStart().length);
	const above = lead.split("\n").length - 1;
	const beside = placeOf(lead, lead.length).column - 1;
	return said.map((s) => {
		const line = s.line ?? 0;
		const column = s.column ?? 1;
		const path = s.path ?? (s.location ?? "").replace(/^body(\.policy)?(\.|$)/, "");
		return {
			line: line > 0 ? line + above : 0,
			column: line === 1 ? column + beside : column,
			severity: s.severity === "warning" ? "warning" : "error",
			message: s.message,
			...(path ? { path } : {}),
			...(s.rule ? { rule: s.rule } : {}),
		};
	});
}

const unseen = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

// hidden are signs that can't be seen, and may have a text look like another one. The first of them are enough.
export function hidden(text: string): Mark[] {
	return [...text.matchAll(unseen)].slice(0, 10).map((m) => ({
		...placeOf(text, m.index),
		severity: "warning",
		message: `here stands a sign that can't be seen, \\u${m[0].charCodeAt(0).toString(16)}; it may have the line look like another one`,
	}));
}

// byLine has what is to be said of each line, errors first.
export function byLine(marks: Mark[], lines: number): Map<number, Mark[]> {
	const all = new Map<number, Mark[]>();
	for (const m of marks) {
		if (m.line < 1) continue;
		const line = Math.min(m.line, lines); // the end of a text that lacks something may lie behind it
		all.set(line, [...(all.get(line) ?? []), m].sort((a, b) => rank(a) - rank(b) || a.column - b.column));
	}
	return all;
}

// inOrder sorts what is listed: as it stands in the text, and first what is said of all of it.
export function inOrder(marks: Mark[]): Mark[] {
	return [...marks].sort((a, b) => a.line - b.line || a.column - b.column || rank(a) - rank(b));
}

function rank(m: Mark): number {
	return m.severity === "error" ? 0 : 1;
}

// counted says in words how many there are.
export function counted(marks: Mark[]): string {
	const errors = marks.filter((m) => m.severity === "error").length;
	const warnings = marks.length - errors;
	const say = (n: number, one: string) => (n === 0 ? [] : [n === 1 ? `1 ${one}` : `${n} ${one}s`]);
	return [...say(errors, "error"), ...say(warnings, "warning")].join(", ") || "no errors";
}

// about is the part of a long text that is shown: some hundred lines around the one that matters. From 0, to is not in it.
export function about(lines: number, line: number, most: number): { from: number; to: number } {
	if (lines <= most) return { from: 0, to: lines };
	const from = Math.max(0, Math.min(line - 10, lines - most));
	return { from, to: from + most };
}
