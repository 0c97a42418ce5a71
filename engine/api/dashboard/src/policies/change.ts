// The values of what changed in a policy, as flyball diff writes them.

// written is a value of a change.
export function written(v: unknown): string {
	switch (typeof v) {
		case "string":
			return v;
		case "number":
		case "boolean":
			return String(v);
	}
	return v === null || v === undefined ? "none" : JSON.stringify(v);
}

// sign is what became of a line of a rule.
export function sign(line: string): "more" | "less" | "" {
	return line.startsWith("+") ? "more" : line.startsWith("-") ? "less" : "";
}

// pair are the revisions that are compared at first: the one at work, else the newest, and the one before it.
export function pair(all: { id: string; current: boolean }[]): { from: string; to: string } | undefined {
	const i = Math.max(0, all.findIndex((r) => r.current));
	const [to, from] = [all[i], all[i + 1] ?? all[i - 1]];
	return to && from ? { from: from.id, to: to.id } : undefined;
}
