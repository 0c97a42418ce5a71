// All that is to be said of a text, as a list. Each leads to its place.
import { Foreign } from "../ui/text";
import { counted, inOrder, type Mark } from "./place";

interface Props {
	marks: Mark[];
	onGo: (m: Mark) => void;
	id?: string;
}

export function Marks({ marks, onGo, id }: Props) {
	if (marks.length === 0) return null;
	return (
		<ul class="marks" id={id} aria-label={counted(marks)}>
			{inOrder(marks).map((m) => (
				<li class={m.severity}>
					{m.line > 0 ? (
						<button type="button" class="link" onClick={() => onGo(m)} title="Go to this line and column">
							{m.line}:{m.column}
						</button>
					) : (
						<span class="muted">all</span>
					)}
					<span>
						<strong class={m.severity === "error" ? "bad" : "warn"}>{m.severity}</strong> <Foreign text={m.message} most={600} />{" "}
						{m.rule && <code class="muted">{m.rule}</code>}
					</span>
				</li>
			))}
		</ul>
	);
}
