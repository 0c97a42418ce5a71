// How a line of source is coloured, and where what is wrong in it is underlined. A line at a time: what goes over several
// lines is coloured as if each stood alone.
import { inLine, reach, type Mark } from "./place";

export interface Piece {
	text: string;
	kind: "" | "key" | "string" | "number" | "word" | "comment";
	wrong?: Mark["severity"];
}

export type Language = "cue" | "json" | "yaml" | "txtar" | "rego";

// longest is what is coloured of a line; what is longer is no source that one reads.
const longest = 2000;

const parts = /("(?:[^"\\]|\\.)*"?)(\s*:(?!=))?|([A-Za-z_#$][\w#$-]*\??)(\s*:(?!=))?|(-?\b\d[\w.]*)|(\/\/.*|#.*)|\s+|./gu;
const words = /^(true|false|null|package|import|if|in|not|some|every|default|contains|for|let|with|else|as)$/;

// painted parts a line.
export function painted(line: string, language: Language): Piece[] {
	if (line.length > longest) return [{ text: line, kind: "" }];
	const pieces: Piece[] = [];
	const add = (text: string | undefined, kind: Piece["kind"]) => {
		if (!text) return;
		const last = pieces.at(-1);
		if (last && last.kind === kind) last.text += text;
		else pieces.push({ text, kind });
	};
	const comment = commentIn(line, language);
	for (const m of line.slice(0, comment).matchAll(parts)) {
		const [all, string, colon, word, after, digits] = m;
		if (string !== undefined) {
			add(string, colon ? "key" : "string");
			add(colon, "");
		} else if (word !== undefined) {
			add(word, after ? "key" : words.test(word) ? "word" : "");
			add(after, "");
		} else add(all, digits !== undefined ? "number" : "");
	}
	add(line.slice(comment), "comment");
	return pieces;
}

// commentIn is where the comment of a line begins, or its end.
function commentIn(line: string, language: Language): number {
	if (language === "json") return line.length;
	const begin = language === "cue" ? "//" : "#";
	let quoted = false;
	for (let i = 0; i < line.length; i++) {
		if (line[i] === "\\") i++;
		else if (line[i] === '"') quoted = !quoted;
		else if (!quoted && line.startsWith(begin, i) && (begin === "//" || i === 0 || /\s/.test(line[i - 1] ?? ""))) return i;
	}
	return line.length;
}

// underlined marks in the pieces of a line what stands where something is wrong. Marks come errors first, and the first wins.
export function underlined(line: string, pieces: Piece[], marks: Mark[]): Piece[] {
	const spans = marks.map((m) => {
		const from = inLine(line, m.column);
		return { from, to: reach(line, from), severity: m.severity };
	});
	if (spans.length === 0) return pieces;
	const cuts = new Set(spans.flatMap((s) => [s.from, s.to]));
	const out: Piece[] = [];
	let at = 0;
	for (const p of pieces) {
		const end = at + p.text.length;
		const within = [...cuts].filter((c) => c > at && c < end).sort((a, b) => a - b);
		for (const to of [...within, end]) {
			const wrong = spans.find((s) => s.from <= at && to <= s.to)?.severity;
			out.push({ kind: p.kind, text: line.slice(at, to), ...(wrong ? { wrong } : {}) });
			at = to;
		}
	}
	return out;
}
