// A plot over time, by uPlot: what the cursor is on stands above it, and the same as a table under it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { isolated, nearest, reach, ticks, zoomed } from "./axis";
import { eventAt, over, under, type Mark, type Moment } from "./draw";
import "./plot.css";
import { ReadOut, spoken, Table, type Line } from "./readout";
import { visible } from "./text";
import { colour, dark } from "./theme";

export type { Line, Mark, Moment };

interface Props {
	title: string; // what it shows, for those who don't see it too
	times: number[]; // seconds since 1970, rising
	lines: Line[];
	marks?: Mark[];
	height?: number;
	from?: number;
	to?: number;
	zero?: boolean; // the axis begins at 0
	whole?: boolean; // there are whole numbers alone
	sync?: string; // plots of one name share the cursor
	pin?: number; // a time that was picked
	children?: ComponentChildren; // stands at that time
	onZoom?: (from: number, to: number) => void;
	onReset?: () => void; // back to what was shown before zooming
	onPick?: (at: number) => void; // a time was clicked
	onEvent?: (m: Moment) => void; // an event was
	rows?: number; // of the table
}

// Cursor is what it is on.
interface Cursor {
	idx: number;
	left: number; // in pixels of the plot
	event: Moment | undefined;
}

const tall = 180;

export function Plot(props: Props) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | undefined>(undefined);
	const pinned = useRef<HTMLDivElement>(null);
	const [cursor, setCursor] = useState<Cursor | undefined>();
	const shown = useRef(props);
	shown.current = props;
	const look = dark.value; // a canvas does not follow the style by itself
	const shape = props.lines.map((l) => [l.name, l.colour, l.step, l.dashed, l.width, !!l.band].join()).join("|");

	useEffect(() => {
		const at = box.current;
		if (!at) return;
		const place = (u: uPlot) => pinned.current && stand(u, pinned.current, shown.current.pin);
		const u = new uPlot(options(shown, at.clientWidth, (c) => setCursor(c), place), data(shown.current), at);
		plot.current = u;
		const sized = new ResizeObserver(() => at.clientWidth > 0 && u.setSize({ width: at.clientWidth, height: shown.current.height ?? tall }));
		sized.observe(at);
		return () => {
			sized.disconnect();
			u.destroy();
			plot.current = undefined;
		};
	}, [look, shape, props.height, props.sync]);

	useEffect(() => {
		plot.current?.setData(data(props));
	}, [props.times, props.lines, props.marks, props.from, props.to, props.pin, look]);

	const key = (e: KeyboardEvent) => {
		const u = plot.current;
		if (u && !e.ctrlKey && !e.metaKey && !e.altKey && pressed(u, e.key, props)) e.preventDefault();
	};
	const idx = cursor && cursor.idx < props.times.length ? cursor.idx : props.times.length - 1;
	const first = props.from ?? props.times[0] ?? 0;
	const last = props.to ?? props.times.at(-1) ?? 0;
	return (
		<figure class="plot">
			<ReadOut {...props} idx={idx} fixed={cursor !== undefined} />
			<div class="canvas">
				<div
					ref={box}
					tabIndex={0}
					role="slider"
					aria-label={`${props.title}. Left and right move the cursor, plus and minus zoom, Escape resets.`}
					aria-valuemin={Math.floor(first)}
					aria-valuemax={Math.ceil(last)}
					aria-valuenow={Math.round(props.times[idx] ?? last)}
					aria-valuetext={spoken(props, idx)}
					onKeyDown={key}
					onBlur={() => plot.current && release(plot.current, props)}
				/>
				{cursor?.event && <Tip u={plot.current} of={cursor.event} />}
				{props.pin !== undefined && props.children && (
					<div class="pinned" ref={pinned}>
						{props.children}
					</div>
				)}
			</div>
			<Table {...props} />
		</figure>
	);
}

function data(p: Props): uPlot.AlignedData {
	return [p.times, ...p.lines.flatMap((l) => (l.band ? [l.values, l.band.high, l.band.low] : [l.values]))];
}

function options(shown: { current: Props }, width: number, onCursor: (c: Cursor | undefined) => void, place: (u: uPlot) => void): uPlot.Options {
	const p = shown.current;
	const marks = () => shown.current.marks ?? [];
	const axis: uPlot.Axis = {
		stroke: colour("muted"),
		grid: { stroke: colour("line"), width: 1 },
		ticks: { stroke: colour("line"), width: 1 },
		font: "12px system-ui, sans-serif",
	};
	const bands: uPlot.Band[] = [];
	const series: uPlot.Series[] = [{}];
	for (const l of p.lines) {
		series.push({
			label: l.name,
			stroke: colour(l.colour),
			width: l.width ?? 1.75,
			points: { show: true, size: 4, fill: colour(l.colour), filter: (u, i) => isolated(u.data[i] ?? []) },
			spanGaps: false,
			...(l.dashed ? { dash: [5, 4] } : {}),
			...(l.step && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
		});
		if (!l.band) continue;
		bands.push({ series: [series.length, series.length + 1], fill: colour(l.colour) + "26" });
		series.push({ width: 0, points: { show: false } }, { width: 0, points: { show: false } });
	}
	return {
		width: Math.max(width, 60),
		height: p.height ?? tall,
		legend: { show: false },
		cursor: {
			y: false,
			// The others follow the cursor alone: what is drawn out in one is asked for once.
			...(p.sync ? { sync: { key: p.sync, filters: { pub: (type: string) => type !== "mousedown" && type !== "mouseup" } } } : {}),
			drag: { x: p.onZoom !== undefined, y: false, setScale: false, dist: 5 },
			points: { size: 7, show: (u, i) => dot(u, i) },
		},
		scales: {
			x: { time: true, range: (_u, min, max) => [shown.current.from ?? min, shown.current.to ?? max] },
			y: { range: (_u, min, max) => reach(min, max, levels(shown.current), shown.current.zero) },
		},
		axes: [
			{ ...axis, values: (_u, at) => ticks(at) },
			{ ...axis, size: 52, space: 34, ...(p.whole ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] } : {}), values: (_u, at) => at.map((v) => p.lines[0]?.write?.(v) ?? String(v)) },
		],
		bands,
		series,
		hooks: {
			drawClear: [(u) => under(u, marks())],
			draw: [
				(u) => {
					over(u, marks(), shown.current.pin);
					place(u);
				},
			],
			setCursor: [
				(u) => {
					const { left, idx } = u.cursor;
					const off = left === undefined || left < 0 || idx === null || idx === undefined;
					onCursor(off ? undefined : { idx, left, event: held(u) ? eventAt(u, marks(), left) : undefined });
				},
			],
			setSelect: [
				(u) => {
					if (u.select.width < 4) return;
					const from = u.posToVal(u.select.left, "x");
					const to = u.posToVal(u.select.left + u.select.width, "x");
					u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
					shown.current.onZoom?.(from, to);
				},
			],
			ready: [(u) => u.over.addEventListener("click", () => picked(u, shown.current))],
		},
	};
}

// held says that the cursor is in this plot, and does not merely follow that of another.
function held(u: uPlot): boolean {
	return u.over.matches(":hover") || u.root.parentElement === document.activeElement;
}

// dot marks the cursor's place on a line, and not on the edges of its band.
function dot(u: uPlot, i: number): HTMLElement {
	const el = document.createElement("div");
	if (u.series[i]?.width === 0) el.hidden = true;
	return el;
}

function levels(p: Props): number[] {
	return (p.marks ?? []).flatMap((m) => (m.kind === "level" ? [m.at] : []));
}

function picked(u: uPlot, p: Props): void {
	const left = u.cursor.left;
	if (left === undefined || left < 0) return;
	const event = eventAt(u, p.marks ?? [], left);
	if (event && p.onEvent) p.onEvent(event);
	else p.onPick?.(u.posToVal(left, "x"));
}

// pressed does what a key says; false where it says nothing.
function pressed(u: uPlot, key: string, p: Props): boolean {
	const min = u.scales.x?.min ?? 0;
	const max = u.scales.x?.max ?? 0;
	const held = u.cursor.left !== undefined && u.cursor.left >= 0;
	const at = held ? u.posToVal(u.cursor.left ?? 0, "x") : max;
	const here = nearest(p.times, at);
	const go = (i: number) => {
		const t = p.times[Math.min(Math.max(i, 0), p.times.length - 1)];
		if (t === undefined) return;
		const all = p.sync ? uPlot.sync(p.sync).plots : [u]; // the cursor of a key is not told to the others by itself
		for (const o of all) o.setCursor({ left: Math.min(Math.max(o.valToPos(Math.min(Math.max(t, min), max), "x"), 0), o.over.clientWidth), top: o.over.clientHeight / 2 });
	};
	switch (key) {
		case "ArrowLeft":
			go(held ? here - 1 : here);
			return true;
		case "ArrowRight":
			go(held ? here + 1 : here);
			return true;
		case "Home":
			go(nearest(p.times, min));
			return true;
		case "End":
			go(nearest(p.times, max));
			return true;
		case "+":
		case "=":
			p.onZoom?.(...zoomed(min, max, at, 0.5));
			return true;
		case "-":
			p.onZoom?.(...zoomed(min, max, at, 2));
			return true;
		case "Enter":
			if (held) picked(u, p);
			return held;
		case "Escape":
			release(u, p);
			p.onReset?.();
			return true;
	}
	return false;
}

// release takes the cursor away.
function release(u: uPlot, p: Props): void {
	for (const o of p.sync ? uPlot.sync(p.sync).plots : [u]) o.setCursor({ left: -10, top: -10 });
}

// stand puts what belongs to a time above it, inside the plot.
function stand(u: uPlot, el: HTMLElement, at: number | undefined): void {
	if (at === undefined) return;
	const x = u.valToPos(at, "x");
	el.hidden = x < 0 || x > u.over.clientWidth;
	const left = u.over.offsetLeft + x - el.offsetWidth / 2;
	el.style.left = `${Math.min(Math.max(left, 0), u.root.clientWidth - el.offsetWidth)}px`;
}

// Tip says what an event was.
function Tip({ u, of }: { u: uPlot | undefined; of: Moment }) {
	const el = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (u && el.current) stand(u, el.current, of.at);
	}, [u, of]);
	return (
		<div class="tip" ref={el} role="tooltip">
			<bdi>{visible(of.name)}</bdi>
		</div>
	);
}
