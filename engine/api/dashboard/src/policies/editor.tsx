// Source, to write: a plain field, with a picture of its text under it that has the colours and shows what is wrong. The field
// itself is the browser's: undo, selection, spelling of other scripts and the tab key work as everywhere.
import { Component } from "preact";
import type { RefObject } from "preact";
import { Pieces } from "./code";
import { painted, underlined, type Language } from "./paint";
import { byLine, offsetOf, reach, type Mark } from "./place";

interface Props {
	text: string;
	language: Language;
	label: string;
	marks: Mark[];
	describedBy: string;
	field: RefObject<HTMLTextAreaElement | null>;
	onInput: (text: string) => void;
}

export function Editor({ text, language, label, marks, describedBy, field, onInput }: Props) {
	const lines = text.split("\n");
	const said = byLine(marks, lines.length);
	return (
		<div class="code edit">
			<div class="gutter" aria-hidden="true">
				{lines.map((_, i) => (
					<span class={said.get(i + 1)?.[0]?.severity ?? ""}>{i + 1}</span>
				))}
			</div>
			<div class="sheet">
				<pre aria-hidden="true">
					{lines.map((l, i) => (
						<Row key={i} line={l} language={language} marks={said.get(i + 1)} />
					))}
				</pre>
				<textarea
					ref={field}
					aria-label={label}
					aria-describedby={describedBy}
					aria-invalid={marks.some((m) => m.severity === "error")}
					value={text}
					onInput={(e) => onInput(e.currentTarget.value)}
					spellcheck={false}
					autocapitalize="off"
					autocomplete="off"
					autocorrect="off"
					wrap="off"
				/>
			</div>
		</div>
	);
}

// goTo puts the cursor where a mark is, and selects what stands there.
export function goTo(field: HTMLTextAreaElement | null, m: Mark): void {
	if (!field) return;
	const text = field.value;
	const from = offsetOf(text, m.line, m.column);
	const start = text.lastIndexOf("\n", from - 1) + 1;
	const end = text.indexOf("\n", from);
	const line = text.slice(start, end < 0 ? undefined : end);
	field.focus({ preventScroll: true });
	field.setSelectionRange(from, start + reach(line, from - start));
	const box = field.closest<HTMLElement>(".code");
	if (!box) return;
	const high = parseFloat(getComputedStyle(field).lineHeight);
	box.scrollTop = (m.line - 1) * high - box.clientHeight / 3;
	box.scrollLeft = 0;
	box.scrollIntoView({ block: "nearest" });
}

interface RowProps {
	line: string;
	language: Language;
	marks: Mark[] | undefined;
}

// shortest is what is written of a message behind its line; the list has all of it.
const shortest = 90;

// Row is drawn anew only when something of it differs: a key pressed in one line leaves the other thousand alone.
class Row extends Component<RowProps> {
	override shouldComponentUpdate(next: RowProps): boolean {
		const p = this.props;
		return p.line !== next.line || p.language !== next.language || JSON.stringify(p.marks) !== JSON.stringify(next.marks);
	}

	override render({ line, language, marks }: RowProps) {
		const first = marks?.[0];
		return (
			<div class="line">
				<Pieces pieces={underlined(line, painted(line, language), marks ?? [])} />
				{first && (
					<span class={`lens ${first.severity}`}>{first.message.length > shortest ? first.message.slice(0, shortest) + "…" : first.message}</span>
				)}
				{"\n"}
			</div>
		);
	}
}
