import { describe, expect, test } from "vitest";
import type { MetricTrend } from "../shapes";
import { bare, boundsOf, crossed, due, merged, points } from "./trend";

const from = 1_700_000_000;

describe("merged", () => {
	test("what is recorded, then what was read since", () => {
		const values = Array.from({ length: points }, (_, i) => i);
		const end = from + (points - 1) * 60;
		const got = merged(values, from, 60, [{ at: end - 5, value: 900 }, { at: end + 10, value: 901 }, { at: end + 20, value: 902 }, { at: end + 70, value: 903 }], end + 75);
		expect(got.length).toBe(points);
		expect(got.slice(-4)).toEqual([58, 59, 902, 903]);
		expect(got[0]).toBe(2);
	});
	test("a reading fills a gap of the record, and never hides what is recorded", () => {
		const got = merged([1, null, 3], from, 60, [{ at: from + 55, value: 2 }, { at: from + 119, value: 99 }], from + 120);
		expect(got.slice(-3)).toEqual([1, 2, 3]);
		expect(got.slice(0, -3).every((v) => v === null)).toBe(true);
	});
	test("a metric that stopped answering is a gap at the end", () => {
		expect(merged([1, 2], from, 60, [{ at: from + 100, value: null }], from + 240).slice(-4)).toEqual([2, null, null, null]);
	});
	test("nothing recorded, nothing read", () => {
		const axis = bare(from + 7);
		expect(merged([], axis.from, axis.step, [], from + 7)).toEqual(Array(points).fill(null));
	});
	test("what was only read live lies at the end", () => {
		const axis = bare(from);
		const got = merged([], axis.from, axis.step, [{ at: from - 61, value: 4 }, { at: from - 1, value: 5 }], from);
		expect(got.slice(-2)).toEqual([4, 5]);
	});
});

describe("bounds", () => {
	const m = (of: Partial<MetricTrend>) => boundsOf({ comparison: "greater_than", scope: "independent", scaleUp: 70, scaleDown: 25, ...of } as MetricTrend);
	test.each([
		["above", 71, m({}), "scaleUp"],
		["on it", 70, m({}), undefined],
		["between", 50, m({}), undefined],
		["under", 24, m({}), "scaleDown"],
		["falling, low", 10, m({ comparison: "less_than", scaleUp: 20, scaleDown: 80 }), "scaleUp"],
		["falling, high", 81, m({ comparison: "less_than", scaleUp: 20, scaleDown: 80 }), "scaleDown"],
		["a change is no value of it", 500, m({ comparison: "percentage_change" }), undefined],
		["no reading", undefined, m({}), undefined],
		["nothing to be held against", 5, boundsOf(undefined), undefined],
	] as const)("%s", (_name, value, bounds, want) => {
		expect(crossed(value, bounds)).toBe(want);
	});
	test("a target of each replica's share is no value of the total", () => {
		expect(m({ scope: "total", target: 30 }).target).toBeUndefined();
		expect(m({ scope: "perReplica", target: 30 }).target).toBe(30);
	});
});

test("due are those never asked for and the old ones, each once, and no more than may be asked for", () => {
	const asked = new Map([["old", 0], ["young", 90]]);
	expect(due(["young", "new", "old", "new"], asked, 100, 60, 50)).toEqual(["new", "old"]);
	expect(due(["new", "old"], asked, 100, 60, 1)).toEqual(["new"]);
	expect(due([], asked, 100, 60, 50)).toEqual([]);
});
