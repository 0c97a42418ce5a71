import { describe, expect, test } from "vitest";
import type { Event, MetricTrend, Trend } from "../shapes";
import { around, impactOf, others, standing } from "./impact";

const at = (s: number) => new Date(s * 1000).toISOString();
const event = (started: number, ended?: number, id = "a") =>
	({ id, mode: "live", started: at(started), ...(ended === undefined ? {} : { ended: at(ended) }) }) as Event;
const metric = (values: (number | null)[], more: Partial<MetricTrend> = {}) =>
	({ metric: "cpu", comparison: "greater_than", scaleUp: 70, scaleDown: 25, scope: "perReplica", windowSeconds: 60, values, ...more }) as MetricTrend;
const trend = (m: MetricTrend) => ({ replicas: [1, 1, 2, 2], metrics: [m] }) as Trend;

describe("impactOf", () => {
	// A value a minute, from 60 to 900; the event lasts from 360 to 420.
	const axis = Array.from({ length: 15 }, (_, i) => 60 * (i + 1));
	const e = event(360, 420);
	const of = (values: (number | null)[], more: Partial<MetricTrend> = {}, what = e) => impactOf(what, trend(metric(values, more)), axis, 60, 900)[0];
	const values = [1, 80, 80, 80, 80, 80, 99, 40, 40, 40, 40, 40, 1, 1, 1];

	test("means of five minutes before it started, and after it ended", () =>
		expect(of(values)).toMatchObject({ before: 80, after: 40, difference: -40, share: -0.5, now: "inside" }));
	test("what happened in the meantime counts for neither", () => expect(of(values.map((v, i) => (i === 6 ? 5 : v)))).toMatchObject({ before: 80, after: 40 }));
	test("a longer window is looked at as a whole", () => expect(of(values, { windowSeconds: 480 })?.before).toBeCloseTo((5 * 80 + 1) / 6));
	test("nulls are left out", () => expect(of(values.map((v, i) => (i === 3 || i === 8 ? null : v)))).toMatchObject({ before: 80, after: 40 }));
	test("nothing known before", () =>
		expect(of(values.map((v, i) => (i < 6 ? null : v)))).toMatchObject({ before: null, after: 40, difference: null, share: null, now: "inside" }));
	test("nothing known after", () =>
		expect(of(values.map((v, i) => (i > 6 ? null : v)))).toMatchObject({ before: 80, after: null, difference: null, now: "not known" }));
	test("an event that is open has no after", () => expect(of(values, {}, event(360))).toMatchObject({ before: 80, after: null }));
	test("of nothing there is no share", () => expect(of(values.map((v, i) => (i < 6 ? 0 : v)))).toMatchObject({ before: 0, difference: 40, share: null }));
	test("no metrics, no impact", () => expect(impactOf(e, { replicas: [], metrics: [] } as unknown as Trend, axis, 60, 900)).toEqual([]));
});

describe("standing", () => {
	const cases: [string, Partial<MetricTrend>, number | null, number | null, string][] = [
		["between", {}, 50, 1, "inside"],
		["on a threshold is not across it", {}, 70, 1, "inside"],
		["above scaleUp", {}, 71, 1, "asks for more"],
		["under scaleDown", {}, 24, 1, "asks for less"],
		["less_than: under scaleUp", { comparison: "less_than", scaleUp: 20, scaleDown: 60 }, 10, 1, "asks for more"],
		["less_than: above scaleDown", { comparison: "less_than", scaleUp: 20, scaleDown: 60 }, 61, 1, "asks for less"],
		["not known", {}, null, 1, "not known"],
		["a change in percent has no levels", { comparison: "percentage_change" }, 50, 1, "no thresholds"],
		["near a target", { target: 100 }, 108, 1, "inside"],
		["above a target", { target: 100 }, 120, 1, "above target"],
		["under a share of all", { target: 100, scope: "total" }, 120, 2, "under target"],
		["a share of nobody knows how many", { target: 100, scope: "total" }, 120, null, "not known"],
	];
	for (const [name, more, value, replicas, want] of cases) test(name, () => expect(standing(metric([], more), value, replicas)).toBe(want));
});

test("around is asked for up to now, and no further", () => {
	expect(around(event(1000, 1010), [], 5000)).toEqual({ from: 700, to: 1310 });
	expect(around(event(1000, 1010), [metric([], { windowSeconds: 600 })], 1100)).toEqual({ from: 400, to: 1100 });
	expect(around(event(1000), [], 1100)).toEqual({ from: 700, to: 1100 });
});

test("other changes of the same time are counted", () => {
	const e = event(1000, 1010);
	expect(others(e, [e, event(400, 500, "b"), event(690, 710, "c"), event(1200, 1210, "d"), event(1250, undefined, "e")], { from: 700, to: 1310 })).toBe(3);
});
