// Source, to read: numbered lines, each with what is wrong in it under it.
import { useEffect, useRef, useState } from "preact/hooks";
import { Foreign, visible } from "../ui/text";
import { painted, underlined, type Language, type Piece } from "./paint";
import { about, byLine, type Mark } from "./place";

// Goal is a line to go to; asked again it is another goal.
export interface Goal {
	line: number;
	column: number;
}

const most = 400; // lines: of what is longer, that many around the one that matters

interface Props {
	text: string;
	language: Language;
	label: string;
	marks?: Mark[];
	line?: number | undefined; // where it begins to matter
	goal?: Goal | undefined;
	changed?: Set<number>; // lines that another text does not have
}

export function Code({ text, language, label, marks = [], line = 1, goal, changed }: Props) {
	const box = useRef<HTMLDivElement>(null);
	const [all, setAll] = useState(false);
	const lines = text.replace(/\n$/, "").split("\n");
	const matters = goal?.line ?? (Number.isFinite(line) ? line : 1);
	const part = all ? { from: 0, to: lines.length } : about(lines.length, matters, most);
	const said = byLine(marks, lines.length);
	useEffect(() => {
		if (line > 1) show(box.current, line);
	}, [line]);
	useEffect(() => {
		if (!goal) return;
		show(box.current, goal.line);
		box.current?.focus({ preventScroll: true });
	}, [goal]);
	return (
		<div class="code" ref={box} tabIndex={0} role="region" aria-label={label}>
			<More n={part.from} where="above" show={() => setAll(true)} />
			{lines.slice(part.from, part.to).map((l, i) => {
				const n = part.from + i + 1;
				return <Row key={n} n={n} line={l} language={language} marks={said.get(n)} here={goal?.line === n || (line > 1 && line === n)} changed={changed?.has(n) ?? false} />;
			})}
			<More n={lines.length - part.to} where="below" show={() => setAll(true)} />
		</div>
	);
}

function More({ n, where, show }: { n: number; where: string; show: () => void }) {
	if (n <= 0) return null;
	return (
		<button type="button" class="link more" onClick={show}>
			{n} lines {where}
		</button>
	);
}

// show brings a line into sight within its box, and leaves the page where it is.
function show(box: HTMLDivElement | null, line: number): void {
	const row = box?.querySelector<HTMLElement>(`[data-line="${line}"]`);
	if (box && row) box.scrollTop = row.offsetTop - box.offsetTop - box.clientHeight / 3;
}

interface RowProps {
	n: number;
	line: string;
	language: Language;
	marks: Mark[] | undefined;
	here: boolean;
	changed: boolean;
}

function Row({ n, line, language, marks, here, changed }: RowProps) {
	const bare = line.replace(/\r$/, "");
	const pieces = underlined(bare, painted(bare, language), marks ?? []);
	return (
		<div class={`line${here ? " here" : ""}${changed ? " changed" : ""}${marks ? " " + (marks[0]?.severity ?? "") : ""}`} data-line={n}>
			<span class="no" aria-hidden="true">
				{n}
			</span>
			<code>
				<Pieces pieces={pieces} safe />
				{"\n"}
			</code>
			{marks?.map((m) => (
				<p class={`says ${m.severity}`}>
					<Foreign text={m.message} most={600} />
				</p>
			))}
		</div>
	);
}

// Pieces are the parts of a line. Safe: what can't be seen is written so that it can, which an editor must not do.
export function Pieces({ pieces, safe = false }: { pieces: Piece[]; safe?: boolean }) {
	return (
		<>
			{pieces.map((p) => {
				const text = safe ? visible(p.text) : p.text;
				return p.kind || p.wrong ? <span class={`${p.kind && "is-" + p.kind} ${p.wrong ? "wrong-" + p.wrong : ""}`}>{text}</span> : text;
			})}
		</>
	);
}
