import { describe, expect, test } from "vitest";
import { presets, queryOf, rangeIn, seconds, shifted, spanOf, zoomedTo } from "./range";

describe("rangeIn", () => {
	test("nothing is the last hour", () => expect(rangeIn({})).toEqual({ last: 3600 }));
	test("so long up to now", () => expect(rangeIn({ last: "7d" })).toEqual({ last: 7 * 86400 }));
	test("from one time to another", () =>
		expect(rangeIn({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z" })).toEqual({ from: 1767225600, to: 1767229200 }));
	for (const [name, query] of [
		["no length", { last: "soon" }],
		["of nothing", { last: "0m" }],
		["far too long", { last: "999999d" }],
		["the wrong way round", { from: "2026-01-01T01:00:00Z", to: "2026-01-01T00:00:00Z" }],
		["half of it", { from: "2026-01-01T01:00:00Z" }],
		["no times", { from: "1", to: "2" }],
	] as const)
		test(`${name} is the last hour`, () => expect(rangeIn(query)).toEqual({ last: 3600 }));
	test("reads what queryOf writes", () => {
		for (const r of [{ last: 900 }, { last: 86400 }, { last: 7 * 86400 }, { last: 45 }, { from: 1767225600, to: 1767229200 }])
			expect(rangeIn(queryOf(r))).toEqual(r);
	});
	test("presets are written as they are read", () => {
		for (const p of presets) expect(queryOf({ last: seconds(p) ?? 0 })).toEqual({ last: p });
	});
});

describe("spanOf", () => {
	test("the live one ends at now or just behind it, and does not move for less than a pixel", () => {
		const day = { last: 86400 };
		const a = spanOf(day, 1_000_000, 600);
		expect(a.to).toBeGreaterThanOrEqual(1_000_000);
		expect(a.to - a.from).toBe(86400);
		expect(spanOf(day, a.to - 1, 600)).toEqual(a);
		expect(spanOf(day, a.to + 1, 600).to).toBeGreaterThan(a.to);
	});
	test("a fixed one stays", () => expect(spanOf({ from: 1, to: 2 }, 99, 600)).toEqual({ from: 1, to: 2 }));
});

describe("zoomedTo", () => {
	test("whole seconds", () => expect(zoomedTo(10.4, 90.2, 1000, 30)).toEqual({ from: 10, to: 91 }));
	test("not beyond now", () => expect(zoomedTo(900, 2000, 1000, 30)).toEqual({ from: 900, to: 1000 }));
	test("not too short", () => expect(zoomedTo(99, 100, 1000, 30)).toEqual({ from: 70, to: 100 }));
});

describe("shifted", () => {
	test("half of it earlier", () => expect(shifted({ from: 100, to: 200 }, -0.5, 1000)).toEqual({ from: 50, to: 150 }));
	test("later, up to now, and as long as it was", () => expect(shifted({ from: 100, to: 200 }, 0.5, 220)).toEqual({ from: 120, to: 220 }));
});
