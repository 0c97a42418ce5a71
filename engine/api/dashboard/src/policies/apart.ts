// Where two texts differ, by lines.

export interface Apart {
	mine: Set<number>; // lines, from 1, that the other one does not have
	theirs: Set<number>;
}

// most is how many pairs of lines are looked at; beyond it all between the first and the last that differs is marked.
const most = 4_000_000;

// apart compares two texts by their longest common sequence of lines.
export function apart(mine: string, theirs: string): Apart {
	const a = mine.split("\n");
	const b = theirs.split("\n");
	let head = 0;
	while (head < a.length && head < b.length && a[head] === b[head]) head++;
	let tail = 0;
	while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
	const left = a.slice(head, a.length - tail);
	const right = b.slice(head, b.length - tail);
	const out: Apart = { mine: new Set(left.map((_, i) => head + i + 1)), theirs: new Set(right.map((_, i) => head + i + 1)) };
	for (const [i, j] of left.length * right.length > most ? [] : common(left, right)) {
		out.mine.delete(head + i + 1);
		out.theirs.delete(head + j + 1);
	}
	return out;
}

// common are the pairs of lines that both have, in order.
function common(a: string[], b: string[]): [number, number][] {
	const wide = b.length + 1;
	const longest = new Uint32Array((a.length + 1) * wide);
	const at = (i: number, j: number) => longest[i * wide + j] ?? 0;
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--) longest[i * wide + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
	const pairs: [number, number][] = [];
	let i = 0;
	let j = 0;
	while (i < a.length && j < b.length) {
		if (a[i] === b[j]) pairs.push([i++, j++]);
		else if (at(i + 1, j) >= at(i, j + 1)) i++;
		else j++;
	}
	return pairs;
}
