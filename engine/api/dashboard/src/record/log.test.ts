import { expect, test } from "vitest";
import type { Entry } from "../shapes";
import { fields, later, live, merged, older, type Asked } from "./log";
import { read } from "./query";

function entry(number: number, over: Partial<Entry> = {}): Entry {
	return { number, at: `2026-01-01T00:00:${String(number % 60).padStart(2, "0")}.5Z`, actor: "anna", kind: "pause", service: "web", policy: "p", message: "m", ...over };
}

function like(q: Record<string, string>): Asked {
	return read(q, fields);
}

test("each entry once, the newest first, in whichever order they came", () => {
	expect(merged([entry(3), entry(2)], [entry(1), entry(2), entry(9)], []).map((e) => e.number)).toEqual([9, 3, 2, 1]);
});

test("older ones are asked for from a little after the oldest, so that none is missed that was written out of order", () => {
	const q = older(like({ kind: "pause", until: "1h" }), entry(10), 50);
	expect(q).toMatchObject({ kind: "pause", until: "2026-01-01T00:00:12.500Z", limit: 50 });
});

test("later ones are those above the highest number", () => {
	expect(later(like({ after: "0" }), entry(10))).toMatchObject({ after: 10 });
});

test.each([
	[{}, [5, 4, 3]],
	[{ kind: "resume" }, [4]],
	[{ actor: "bob" }, [3]],
	[{ service: "shop" }, [5]],
	[{ policy: "p", since: "1h" }, [5, 4, 3]],
	[{ policy: "q" }, []],
	[{ until: "1h" }, []],
	[{ after: "0" }, []],
])("of the stream %j gets", (q, want) => {
	const stream = [entry(5, { service: "shop" }), entry(4, { kind: "resume" }), entry(3, { actor: "bob" }), entry(2)];
	expect(live(stream, like(q), 2).map((e) => e.number)).toEqual(want);
});
