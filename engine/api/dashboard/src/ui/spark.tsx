// A small line without axes: how a metric went, and where it is to be.
interface Props {
	values: (number | null)[];
	up?: number | undefined; // scaleUp
	down?: number | undefined; // scaleDown
	label: string; // what a screen reader says
	step?: boolean; // of a count, that holds until it changes
}

const width = 120;
const height = 28;
const edge = 2;

// Spark draws into a box that is stretched to where it stands.
export function Spark({ values, up, down, label, step = false }: Props) {
	const { lines, at } = drawn(values, [up, down], step);
	return (
		<svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
			{up !== undefined && <line class="up" x1="0" x2={width} y1={at(up)} y2={at(up)} />}
			{down !== undefined && <line class="down" x1="0" x2={width} y1={at(down)} y2={at(down)} />}
			{lines.map((d) => (
				<path d={d} />
			))}
		</svg>
	);
}

// drawn makes a path of each stretch that has values, and says where a value lies. What is compared with is in the picture.
export function drawn(values: (number | null)[], bounds: (number | undefined)[], step = false): { lines: string[]; at: (v: number) => number } {
	const all = [...values, ...bounds].filter((v): v is number => typeof v === "number" && Number.isFinite(v));
	let low = Math.min(...all, Infinity);
	let high = Math.max(...all, -Infinity);
	if (!(low < high)) [low, high] = [low === Infinity ? 0 : low - 1, high === -Infinity ? 1 : high + 1];
	const at = (v: number) => round(edge + (1 - (v - low) / (high - low)) * (height - 2 * edge));
	const x = (i: number) => round((i / Math.max(1, values.length - 1)) * width);
	const lines: string[] = [];
	let path = "";
	values.forEach((v, i) => {
		if (v === null || !Number.isFinite(v)) {
			if (path) lines.push(path);
			path = "";
			return;
		}
		if (!path) path = `M${x(i)} ${at(v)}h.01`;
		else path += step ? `H${x(i)}V${at(v)}` : `L${x(i)} ${at(v)}`;
	});
	if (path) lines.push(path);
	return { lines, at };
}

function round(v: number): number {
	return Math.round(v * 100) / 100;
}
