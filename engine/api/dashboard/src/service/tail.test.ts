import { describe, expect, test } from "vitest";
import type { MetricTrend, Trend, Trends } from "../shapes";
import { axisOf, known, laterThan, replicasWith, shareOf, valuesWith, withCount, type Count } from "./tail";

const metric = (values: (number | null)[]) => ({ metric: "cpu", values }) as MetricTrend;
const trend = (replicas: (number | null)[], ...metrics: MetricTrend[]) => ({ replicas, metrics }) as Trend;
const trends = (...all: Trend[]) => ({ from: "1970-01-01T00:01:40Z", to: "1970-01-01T00:02:00Z", step: 10, trends: all }) as Trends;

test("the axis begins at from, and has a time for each value", () =>
	expect(axisOf(trends(trend([1, 2, 2], metric([5, null, 7]))))).toEqual([100, 110, 120]));

test("nothing is known where all is null", () => {
	expect(known(trends(trend([null], metric([null]))))).toBe(false);
	expect(known(trends(trend([null], metric([0]))))).toBe(true);
	expect(known(trends())).toBe(false);
});

describe("laterThan", () => {
	const point = (at: number) => ({ at, value: 1 });
	test("only what is behind the end", () => expect(laterThan([100, 110], [[point(105), point(112)], [point(110)]], 1)).toEqual([112]));
	test("a time of several metrics is one", () => expect(laterThan([], [[point(1)], [point(1), point(2)]], 1)).toEqual([1, 2]));
	test("no finer than a step, but for the newest", () =>
		expect(laterThan([100], [[point(102), point(104), point(110), point(112), point(114)]], 10)).toEqual([110, 114]));
});

test("values go on with points; one that was not ok is a gap, none at all is not", () => {
	const points = [{ at: 120, value: 8 }, { at: 130, value: null }];
	expect(valuesWith(metric([5, 6]), 3, points, [120, 125, 130])).toEqual([5, 6, null, 8, undefined, null]);
});

describe("replicas", () => {
	let counts: Count[] = [];
	for (const [at, n] of [[100, 1], [105, 1], [112, 3], [90, 9], [NaN, 4]] as const) counts = withCount(counts, at, n);
	test("a count that says nothing new, or is old, is left out", () => expect(counts).toEqual([{ at: 100, replicas: 1 }, { at: 112, replicas: 3 }]));
	test("hold until they change", () => expect(replicasWith(trend([1, 1]), 2, counts, [111, 112, 120])).toEqual([1, 1, 1, 3, 3]));
	test("nothing told yet is what was last known", () => expect(replicasWith(trend([2, null]), 2, [], [111])).toEqual([2, null, 2]));
	test("a share of each is so much of all", () => expect(shareOf(50, [1, 3, null, undefined])).toEqual([50, 150, null, undefined]));
});
