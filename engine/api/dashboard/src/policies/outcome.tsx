// What came of a trial: what was needed and what each policy made, the figures of both, and where they decide otherwise.
import { length, number } from "../format";
import type { Disagreed, Tried } from "../shapes";
import { Chip } from "../ui/chip";
import { Empty } from "../ui/notice";
import { Plot } from "../ui/plot";
import { Foreign, Name, Time } from "../ui/text";
import { compared, summary, type Row, type Verdict } from "./figures";
import { differing, drawn } from "./trial";

const count = (v: number) => String(Math.round(v));

export function Trial({ tried, last }: { tried: Tried; last: string }) {
	const { trace, old } = tried;
	if (tried.need.length === 0) return <Empty title="Nothing was recorded in that time." />;
	const plot = drawn(tried);
	const said = summary(tried.new.figures, old?.figures);
	const seconds = (Date.parse(trace.to) - Date.parse(trace.from)) / 1000;
	return (
		<div class="outcome">
			<p class="summary">
				<Sign verdict={said.verdict} /> <span>{said.text}</span>
			</p>
			<p class="muted">
				On {length(seconds)} of <Name text={trace.metric} />, {trace.rows} values from <Time at={trace.from} /> on, of the last {last}. A replica is taken to start in{" "}
				{length(trace.startDelaySeconds)}
				{trace.unit === "rpm" ? ` and to do ${number(trace.capacity)} requests a minute.` : ", and to be able to do 100 %."}
			</p>
			<Plot
				title={old ? "Replicas needed, of the old policy, and of the new one" : "Replicas needed, and of the new policy"}
				times={plot.times}
				lines={plot.lines.map((l) => ({ ...l, write: count }))}
				marks={plot.marks}
				from={plot.times[0] ?? 0}
				to={plot.to}
				height={240}
				zero
				whole
			/>
			{plot.marks.length > 0 && <p class="differ">where the decisions differ</p>}
			<Numbers rows={compared(tried.new.figures, old?.figures)} compares={old !== undefined} />
			{tried.notes.length > 0 && (
				<ul class="notes">
					{tried.notes.map((n) => (
						<li>
							<Foreign text={n} />
						</li>
					))}
				</ul>
			)}
			{tried.decisions && <Decisions of={tried.decisions} />}
		</div>
	);
}

function Sign({ verdict }: { verdict: Verdict }) {
	switch (verdict) {
		case "better":
			return <Chip tone="good">better</Chip>;
		case "worse":
			return <Chip tone="bad">worse</Chip>;
		case "same":
			return <Chip tone="off">same</Chip>;
	}
	return null;
}

function Numbers({ rows, compares }: { rows: Row[]; compares: boolean }) {
	return (
		<div class="scroll" tabIndex={0} role="region" aria-label="Figures">
			<table class="figures">
				<thead>
					<tr>
						<th scope="col">Figure</th>
						{compares && (
							<th scope="col" class="number">
								Old
							</th>
						)}
						<th scope="col" class="number">
							New
						</th>
						{compares && (
							<>
								<th scope="col" class="number by">
									Change
								</th>
								<th scope="col">
									<span class="unseen">Verdict</span>
								</th>
							</>
						)}
					</tr>
				</thead>
				<tbody>
					{rows.map((r) => (
						<tr>
							<th scope="row">
								<span class="figure">
									{r.name} {r.term && <abbr title={r.about}>{r.term}</abbr>}
								</span>
								<span class="about">{r.about}</span>
							</th>
							{compares && <td class="number">{r.old}</td>}
							<td class="number">{r.new}</td>
							{compares && (
								<>
									<td class="number by">
										{r.change}
										{r.share && <span class="part">{r.share}</span>}
									</td>
									<td>
										<Sign verdict={r.verdict} />
									</td>
								</>
							)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

// Decisions says where the new policy would have decided otherwise, at the replicas that the old one made.
function Decisions({ of }: { of: Disagreed }) {
	return (
		<section class="decisions">
			<h3>Decisions</h3>
			<p>
				{differing(of)} <span class="muted">Both are asked at the same moments, at the replicas that the old one made.</span>
			</p>
			{of.groups.length > 0 && (
				<div class="scroll" tabIndex={0} role="region" aria-label="How decisions differ">
					<table>
						<thead>
							<tr>
								<th scope="col" class="number">
									Stretches
								</th>
								<th scope="col" class="number">
									Decisions
								</th>
								<th scope="col">Old</th>
								<th scope="col">New</th>
							</tr>
						</thead>
						<tbody>
							{of.groups.map((g) => (
								<tr>
									<td class="number">{g.stretches}</td>
									<td class="number">{g.count}</td>
									<td>
										{g.old.action} <code>{g.old.reason}</code>
									</td>
									<td>
										{g.new.action} <code>{g.new.reason}</code>
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
			{of.first.length > 0 && (
				<details>
					<summary>{of.first.length === 1 ? "The stretch" : `The first ${of.first.length} stretches`}</summary>
					<ol class="stretches">
						{of.first.map((s) => (
							<li>
								<p class="muted">
									<Time at={s.from} />
									{s.to !== s.from && (
										<>
											{" to "}
											<Time at={s.to} />
										</>
									)}
									, {s.count === 1 ? "1 decision" : `${s.count} decisions`}
								</p>
								<One of="old" d={s.old} />
								<One of="new" d={s.new} />
							</li>
						))}
					</ol>
				</details>
			)}
		</section>
	);
}

function One({ of, d }: { of: string; d: Disagreed["first"][number]["old"] }) {
	return (
		<p>
			<span class={`who-${of}`}>{of}</span> {d.action} {d.from} → {d.to} <code>{d.reason}</code> <Foreign text={d.message} />
		</p>
	);
}
