// What a plot shows, in numbers.
import { useMemo, useState } from "preact/hooks";
import { daemonTime } from "../clock";
import { when, whole } from "../format";
import { sampled } from "./axis";

// Line is one series of a plot. All of a plot have as many values as there are times: null is a gap, undefined is nothing
// that would part the line.
export interface Line {
	name: string;
	values: (number | null | undefined)[];
	colour: string; // one of the style's, without --
	step?: boolean; // of a count, that holds until it changes
	dashed?: boolean;
	width?: number;
	band?: { low: (number | null | undefined)[]; high: (number | null | undefined)[] }; // around it
	write?: (v: number) => string;
}

interface Numbers {
	times: number[];
	lines: Line[];
}

interface TableProps extends Numbers {
	title: string;
	from?: number;
	to?: number;
	rows?: number; // at most
}

function written(l: Line, i: number): string {
	const v = l.values[i];
	return v === null || v === undefined ? "–" : (l.write?.(v) ?? String(v));
}

// spread writes the band of a line, where it has one.
function spread(l: Line, i: number): string {
	const [low, high] = [l.band?.low[i], l.band?.high[i]];
	if (low === null || low === undefined || high === null || high === undefined) return "";
	const write = l.write ?? String;
	return `${write(low)}…${write(high)}`;
}

// ReadOut is what all lines have at the cursor, or else at the end.
export function ReadOut({ times, lines, idx, fixed }: Numbers & { idx: number; fixed: boolean }) {
	const at = times[idx];
	return (
		<p class="readout">
			<span class={fixed ? "at" : "at muted"}>{at === undefined ? "–" : when(at * 1000, daemonTime())}</span>
			{lines.map((l) => (
				<span>
					<Swatch of={l} /> <bdi>{l.name}</bdi> <strong class="number">{written(l, idx)}</strong>
					{l.band && <span class="muted number"> {spread(l, idx)}</span>}
				</span>
			))}
		</p>
	);
}

function Swatch({ of }: { of: Line }) {
	return (
		<svg class="swatch" width="14" height="8" aria-hidden="true">
			<line x1="0" x2="14" y1="4" y2="4" style={{ stroke: `var(--${of.colour})`, strokeWidth: 2.5, strokeDasharray: of.dashed ? "4 3" : "none" }} />
		</svg>
	);
}

// spoken is the same, for who does not see it.
export function spoken({ times, lines }: Numbers, idx: number): string {
	const at = times[idx];
	if (at === undefined) return "nothing is known";
	return [whole(at * 1000), ...lines.map((l) => `${l.name} ${l.values[idx] === null || l.values[idx] === undefined ? "not known" : written(l, idx)}`)].join(", ");
}

// Table has what the plot shows, for who does not see it, or wants the numbers. It is made once it is opened.
export function Table({ title, times, lines, from, to, rows = 60 }: TableProps) {
	const [open, setOpen] = useState(false);
	const kept = useMemo(() => {
		if (!open) return [];
		const inside = times.flatMap((t, i) => (t >= (from ?? -Infinity) && t <= (to ?? Infinity) ? [i] : []));
		return sampled(inside, rows).flatMap((i) => inside[i] ?? []);
	}, [open, times, from, to, rows]);
	return (
		<details onToggle={(e) => setOpen(e.currentTarget.open)}>
			<summary>As a table</summary>
			{open && (
				<div class="scroll" tabIndex={0} role="region" aria-label={title}>
					<table>
						<caption class="unseen">{title}</caption>
						<thead>
							<tr>
								<th scope="col">Time</th>
								{lines.map((l) => (
									<th scope="col" class="number">
										<bdi>{l.name}</bdi>
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{kept.map((i) => (
								<tr key={i}>
									<th scope="row">{whole((times[i] ?? 0) * 1000)}</th>
									{lines.map((l) => (
										<td class="number">
											{written(l, i)} {l.band && <span class="muted">{spread(l, i)}</span>}
										</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</details>
	);
}
