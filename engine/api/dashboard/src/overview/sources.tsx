// Where metrics come from, and whether they do.
import { ask, reason } from "../api";
import type { SourceStatus } from "../shapes";
import { Chip } from "../ui/chip";
import { useLoad } from "../ui/load";
import { Foreign, Name } from "../ui/text";
import type { Tone } from "../ui/tone";

const every = 15_000;

export function Sources() {
	const { value, error, again } = useLoad((signal) => ask<{ sources: SourceStatus[] }>("sources", { signal }), [], every);
	const all = worst(value?.sources ?? []);
	const troubled = all.filter((s) => s.status === "down" || s.status === "degraded");
	return (
		<section class="card brief sources" aria-labelledby="sources">
			<h2 id="sources">Sources of metrics</h2>
			{!value && error === undefined && <p class="muted">…</p>}
			{error !== undefined && (
				<p class="bad">
					How they do is not known: {reason(error)}{" "}
					<button type="button" class="link" onClick={again}>
						Try again
					</button>
				</p>
			)}
			{value && all.length === 0 && <p class="muted">No policy reads a metric.</p>}
			<ul class="chips">
				{all.map((s) => (
					<li key={s.kind + s.name}>
						<Chip tone={toneOfSource(s.status)} title={`${s.kind}: ${s.status}`}>
							<Name text={s.name} />{" "}
							<span class="share">
								{s.status === "idle" ? "idle" : `${s.ok}/${s.metrics}`}
								<span class="unseen"> metrics, {s.status}</span>
							</span>
						</Chip>
					</li>
				))}
			</ul>
			{troubled.length > 0 && (
				<ul class="troubles">
					{troubled.map((s) => (
						<li key={s.kind + s.name}>
							<strong class={s.status === "down" ? "bad" : "warn"}>
								<Name text={s.name} /> {s.status}
							</strong>{" "}
							{s.trouble && <Foreign text={s.trouble} most={110} />}
						</li>
					))}
				</ul>
			)}
		</section>
	);
}

const order = ["down", "degraded", "ok", "idle"];

function worst(all: SourceStatus[]): SourceStatus[] {
	return [...all].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || (a.name < b.name ? -1 : 1));
}

function toneOfSource(status: string): Tone {
	switch (status) {
		case "ok":
			return "good";
		case "degraded":
			return "warn";
		case "down":
			return "bad";
	}
	return "off";
}
