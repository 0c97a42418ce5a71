// A plot over time, by uPlot, with what it shows as a table under it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { whole } from "../format";
import { colour, dark } from "./theme";

// Line is one series of a plot. All of a plot have as many values as there are times.
export interface Line {
	name: string;
	values: (number | null)[];
	colour: string; // one of the style's, without --
	step?: boolean; // of a count, that holds until it changes
	dashed?: boolean;
	width?: number;
	write?: (v: number) => string;
}

// Mark is drawn across the plot.
export type Mark =
	| { kind: "level"; at: number; colour: string; name: string } // a threshold
	| { kind: "band"; from: number; to: number; colour: string; name: string } // from one time to another
	| { kind: "event"; at: number; colour: string; name: string };

interface Props {
	title: string; // for those who don't see it
	times: number[]; // seconds since 1970, rising
	lines: Line[];
	marks?: Mark[];
	height?: number;
	from?: number;
	to?: number;
	zero?: boolean; // the axis begins at 0
	sync?: string; // plots of one name share the cursor
	onZoom?: (from: number, to: number) => void;
	onPick?: (at: number) => void; // a time was clicked
	rows?: number; // of the table
}

export function Plot(props: Props) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | undefined>(undefined);
	const shown = useRef(props);
	shown.current = props;
	const look = dark.value; // a canvas does not follow the style by itself
	const shape = props.lines.map((l) => [l.name, l.colour, l.step, l.dashed, l.width].join()).join("|");

	useEffect(() => {
		const at = box.current;
		if (!at) return;
		const u = new uPlot(options(shown, at.clientWidth), data(shown.current), at);
		plot.current = u;
		const sized = new ResizeObserver(() => at.clientWidth > 0 && u.setSize({ width: at.clientWidth, height: shown.current.height ?? 180 }));
		sized.observe(at);
		return () => {
			sized.disconnect();
			u.destroy();
			plot.current = undefined;
		};
	}, [look, shape, props.height, props.sync]);

	useEffect(() => {
		plot.current?.setData(data(props));
	}, [props.times, props.lines, props.marks, props.from, props.to, look]);

	return (
		<figure class="plot">
			<div ref={box} role="img" aria-label={props.title} />
			<Table {...props} />
		</figure>
	);
}

function data(p: Props): uPlot.AlignedData {
	return [p.times, ...p.lines.map((l) => l.values)];
}

function options(shown: { current: Props }, width: number): uPlot.Options {
	const p = shown.current;
	const axis: uPlot.Axis = {
		stroke: colour("muted"),
		grid: { stroke: colour("line"), width: 1 },
		ticks: { stroke: colour("line"), width: 1 },
		font: "12px system-ui, sans-serif",
	};
	return {
		width: Math.max(width, 60),
		height: p.height ?? 180,
		legend: { show: false },
		cursor: {
			...(p.sync ? { sync: { key: p.sync } } : {}),
			drag: { x: p.onZoom !== undefined, y: false, setScale: false },
			focus: { prox: 24 },
		},
		scales: {
			x: { time: true, range: (_u, min, max) => [shown.current.from ?? min, shown.current.to ?? max] },
			y: { range: (_u, min, max) => reach(min, max, shown.current) },
		},
		axes: [
			{ ...axis, values: (_u, at) => ticks(at) },
			{ ...axis, size: 52, values: (_u, at) => at.map((v) => p.lines[0]?.write?.(v) ?? String(v)) },
		],
		series: [
			{},
			...p.lines.map((l): uPlot.Series => ({
				label: l.name,
				stroke: colour(l.colour),
				width: l.width ?? 1.75,
				points: { show: false },
				spanGaps: false,
				...(l.dashed ? { dash: [5, 4] } : {}),
				...(l.step && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
			})),
		],
		hooks: {
			drawClear: [(u) => under(u, shown.current)],
			draw: [(u) => over(u, shown.current)],
			setSelect: [
				(u) => {
					if (u.select.width < 4) return;
					const from = u.posToVal(u.select.left, "x");
					const to = u.posToVal(u.select.left + u.select.width, "x");
					u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
					shown.current.onZoom?.(from, to);
				},
			],
			ready: [
				(u) =>
					u.over.addEventListener("click", () => {
						if (u.cursor.left !== undefined && u.cursor.left >= 0) shown.current.onPick?.(u.posToVal(u.cursor.left, "x"));
					}),
			],
		},
	};
}

// reach has the levels in the picture, and some room.
function reach(min: number | null, max: number | null, p: Props): [number, number] {
	const levels = (p.marks ?? []).flatMap((m) => (m.kind === "level" ? [m.at] : []));
	let low = Math.min(min ?? Infinity, ...levels);
	let high = Math.max(max ?? -Infinity, ...levels);
	if (low === Infinity) return [0, 1];
	if (p.zero) low = Math.min(0, low);
	const room = (high - low || Math.abs(high) || 1) * 0.08;
	return [low < 0 || !(low - room < 0) ? low - room : 0, high + room];
}

// ticks are labelled with the clock, and with the day where it is another.
function ticks(at: number[]): string[] {
	let day = "";
	return at.map((t) => {
		const d = new Date(t * 1000);
		const of = d.toDateString();
		const step = at.length > 1 ? at[1]! - at[0]! : 60;
		const clock = d.toLocaleTimeString("en-GB", step < 60 ? { hour: "2-digit", minute: "2-digit", second: "2-digit" } : { hour: "2-digit", minute: "2-digit" });
		const text = of === day ? clock : `${clock}\n${d.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}`;
		day = of;
		return text;
	});
}

// under draws bands, which lie behind all else.
function under(u: uPlot, p: Props): void {
	const c = u.ctx;
	c.save();
	for (const m of p.marks ?? []) {
		if (m.kind !== "band") continue;
		const left = Math.max(u.valToPos(m.from, "x", true), u.bbox.left);
		const right = Math.min(u.valToPos(m.to, "x", true), u.bbox.left + u.bbox.width);
		if (right <= left) continue;
		c.fillStyle = colour(m.colour);
		c.fillRect(left, u.bbox.top, right - left, u.bbox.height);
	}
	c.restore();
}

// over draws thresholds and events.
function over(u: uPlot, p: Props): void {
	const c = u.ctx;
	const ratio = devicePixelRatio || 1;
	c.save();
	c.beginPath();
	c.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
	c.clip();
	c.lineWidth = ratio;
	for (const m of p.marks ?? []) {
		if (m.kind === "band") continue;
		c.strokeStyle = c.fillStyle = colour(m.colour);
		c.beginPath();
		if (m.kind === "level") {
			const y = u.valToPos(m.at, "y", true);
			c.setLineDash([6 * ratio, 4 * ratio]);
			c.moveTo(u.bbox.left, y);
			c.lineTo(u.bbox.left + u.bbox.width, y);
			c.stroke();
			c.font = `${11 * ratio}px system-ui, sans-serif`;
			c.textAlign = "right";
			c.fillText(m.name, u.bbox.left + u.bbox.width - 4 * ratio, y - 3 * ratio);
		} else {
			const x = u.valToPos(m.at, "x", true);
			c.setLineDash([]);
			c.moveTo(x, u.bbox.top);
			c.lineTo(x, u.bbox.top + u.bbox.height);
			c.stroke();
		}
	}
	c.restore();
}

// Table has what the plot shows, for who does not see it, or wants the numbers.
function Table({ title, times, lines, rows = 60 }: Props) {
	const kept = sampled(times, rows);
	return (
		<details>
			<summary>As a table</summary>
			<div class="scroll" tabIndex={0} role="region" aria-label={title}>
				<table>
					<caption class="unseen">{title}</caption>
					<thead>
						<tr>
							<th scope="col">Time</th>
							{lines.map((l) => (
								<th scope="col" class="number">
									{l.name}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{kept.map((i) => (
							<tr>
								<th scope="row">{whole(times[i]! * 1000)}</th>
								{lines.map((l) => {
									const v = l.values[i];
									return <td class="number">{v === null || v === undefined ? "–" : (l.write?.(v) ?? v)}</td>;
								})}
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</details>
	);
}

// sampled are the places of at most so many, evenly, the newest first.
export function sampled(times: number[], most: number): number[] {
	const step = Math.max(1, Math.ceil(times.length / most));
	const all: number[] = [];
	for (let i = times.length - 1; i >= 0; i -= step) all.push(i);
	return all;
}
