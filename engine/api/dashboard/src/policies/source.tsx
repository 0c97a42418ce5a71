import { useState } from "preact/hooks";
import type { Source } from "../shapes";
import { Name } from "../ui/text";
import { Code, type Goal } from "./code";
import { Marks } from "./marks";
import { counted, marksOf } from "./place";

// Text is the policy as its author wrote it, with its rules.
export function Text({ source, folded }: { source: Source; folded: boolean }) {
	const [goal, setGoal] = useState<Goal>();
	const marks = marksOf(source.problems, "");
	return (
		<section class="card source" aria-labelledby="source-title">
			<details open={!folded}>
				<summary>
					<h2 id="source-title">{source.kind === "file" ? <Name text={source.path ?? "Source"} /> : folded ? "What is at work" : "Source"}</h2>
					<span class="muted">{source.language}</span>
				</summary>
				{marks.length > 0 && (
					<>
						<p class={marks.some((m) => m.severity === "error") ? "bad" : "warn"}>
							{counted(marks)}
							{marks.some((m) => m.severity === "error") && ". What was there before is still at work."}
						</p>
						<Marks marks={marks} onGo={(m) => setGoal({ line: m.line, column: m.column })} />
					</>
				)}
				<Code text={source.text} language={source.language} label="Source of the policy" marks={marks} line={source.line} goal={goal} />
			</details>
			{source.rules.length > 0 && <h3>Rules</h3>}
			{source.rules.map((r) => (
				<Rules {...r} />
			))}
		</section>
	);
}

function Rules({ name, text, problems }: Source["rules"][number]) {
	const [goal, setGoal] = useState<Goal>();
	const marks = marksOf(problems, "");
	return (
		<details open={marks.length > 0}>
			<summary>
				<Name text={name} /> {marks.length > 0 && <span class="bad">{counted(marks)}</span>}
			</summary>
			<Marks marks={marks} onGo={(m) => setGoal({ line: m.line, column: m.column })} />
			<Code text={text} language="rego" label={`Rules in ${name}`} marks={marks} goal={goal} />
		</details>
	);
}
