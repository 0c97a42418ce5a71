import { useState } from "preact/hooks";
import type { Explanation } from "../shapes";
import { Chip } from "../ui/chip";
import { Foreign, Name, visible } from "../ui/text";
import { byFile, count, telling, voice, wish, type Line } from "./story";
import { Chapter } from "./told";

// Rules is what they recommended, and why: in their reasons, and line by line.
export function Rules({ e }: { e: Explanation }) {
	const r = e.record.recommendation;
	const voices = e.voices ?? [];
	const lines = e.rules ?? [];
	const reasons = (r.reasons ?? []).filter((one) => one.message !== r.error); // which stands above them
	if (e.record.request) return <Chapter title="What the rules said" sum="they were not asked" />;
	return (
		<Chapter
			title="What the rules said"
			sum={
				<>
					<Chip tone={r.action === "hold" ? "calm" : "busy"}>{wish(r)}</Chip> confidence {r.confidence.toFixed(2)} · priority {r.priority}
				</>
			}
		>
			{voices.length > 0 && !e.differs && (
				<ul class="voices">
					{voices.map((v) => (
						<li>
							<Name text={v.strategy} />: <strong>{voice(v, voices)}</strong>
							{v.error && (
								<>
									{" "}
									<Foreign text={v.error} />
								</>
							)}
						</li>
					))}
				</ul>
			)}
			{r.error && <Wrong text={r.error} />}
			{e.rulesError && e.rulesError !== r.error && <Wrong text={e.rulesError} />}
			<ul class="reasons">
				{reasons.map((one) => (
					<li dir="auto">
						<strong>
							<Name text={one.code} />
						</strong>{" "}
						<Foreign text={one.message} most={400} />
						{one.strategy && (
							<span class="muted">
								{" "}
								· <Name text={one.strategy} />
							</span>
						)}
					</li>
				))}
			</ul>
			{lines.length > 0 && <Traced all={lines} />}
		</Chapter>
	);
}

function Wrong({ text }: { text: string }) {
	return (
		<p class="bad" dir="auto">
			The rules gave no usable answer: <Foreign text={text} most={600} />
		</p>
	);
}

// Traced shows the lines of the rules and what they came to: first those that tell something.
function Traced({ all }: { all: Line[] }) {
	const [every, setEvery] = useState(false);
	const told = telling(all);
	const shown = every ? all : told;
	return (
		<details class="traced">
			<summary>The rules line by line: {count(all.length, "line")}</summary>
			{told.length < all.length && (
				<label class="row">
					<input type="checkbox" checked={every} onChange={() => setEvery(!every)} /> all {all.length}, also what is only computed, and what
					held in a branch that did not
				</label>
			)}
			{byFile(shown).map((part) => (
				<section>
					<h3>
						<Name text={part.file} />
					</h3>
					<div class="scroll" tabIndex={0} role="region" aria-label={`Lines of ${visible(part.file)}`}>
						<table class="lines">
							<thead class="unseen">
								<tr>
									<th>Line</th>
									<th>Came to</th>
									<th>Text</th>
								</tr>
							</thead>
							<tbody>
								{part.lines.map((l) => (
									<Row l={l} />
								))}
							</tbody>
						</table>
					</div>
				</section>
			))}
		</details>
	);
}

const markOf: Record<string, string> = { holds: "✓", fails: "✗", breaks: "!" };

function Row({ l }: { l: Line }) {
	return (
		<tr class={l.verdict + (l.head ? " rule" : "")}>
			<td class="number muted">{l.line}</td>
			<td>
				<span aria-hidden="true">{markOf[l.verdict] ?? "?"}</span>
				<span class="unseen">{l.verdict}</span>
			</td>
			<td>
				<code>
					<Foreign text={l.text} most={300} />
				</code>
				{l.values && l.values !== l.text && (
					<code class="muted">
						{" "}
						# <Foreign text={l.values} />
					</code>
				)}
			</td>
		</tr>
	);
}
