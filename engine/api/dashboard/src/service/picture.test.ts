import { describe, expect, test } from "vitest";
import type { Event, MetricTrend, Trend, Trends } from "../shapes";
import { aboutOf, drawing, linesOf, picture } from "./picture";

const metric = (more: Partial<MetricTrend> = {}) =>
	({ metric: "cpu", type: "cpu", aggregation: "avg", windowSeconds: 60, scope: "perReplica", comparison: "greater_than", scaleUp: 70, scaleDown: 25, values: [50, 60], ...more }) as MetricTrend;
const policy = (name: string, m: MetricTrend, more: Partial<Trend> = {}) =>
	({ policy: name, service: "web", mode: "live", cooldown: { upSeconds: 60, downSeconds: 300 }, minReplicas: 1, maxReplicas: 4, replicas: [1, 2], metrics: [m], ...more }) as Trend;
const trends = (...all: Trend[]) => ({ from: "1970-01-01T00:01:40Z", to: "1970-01-01T00:01:50Z", step: 10, trends: all }) as Trends;
const event = (more: Partial<Event> = {}) =>
	({ id: "a", policy: "web", mode: "live", action: "scale_up", from: 1, to: 2, started: "1970-01-01T00:01:41Z", ended: "1970-01-01T00:01:43Z", result: "succeeded", reasons: [], ...more }) as Event;
const nothing = () => [];

function drawn(t: Trends, name = "web") {
	const p = picture(t, name, nothing, nothing, false);
	if (!p) throw new Error("no picture");
	return p;
}

describe("picture", () => {
	test("the replicas of all policies, a shadow's dashed", () => {
		const p = drawn(trends(policy("web", metric()), policy("next", metric(), { mode: "shadow", replicas: [1, 3] })));
		expect(p.replicas.map((l) => [l.name, l.dashed, l.values])).toEqual([["web", false, [1, 2]], ["next would have", true, [1, 3]]]);
	});
	test("of the policy that is looked at what came live follows", () => {
		const p = picture(trends(policy("web", metric())), "web", () => [{ at: 120, value: 80 }], () => [{ at: 120, replicas: 3 }], true);
		expect([p?.times, p?.metrics[0]?.values, p?.own]).toEqual([[100, 110, 120], [50, 60, 80], [1, 2, 3]]);
	});
	test("a stretch of the past has nothing live", () => {
		const p = picture(trends(policy("web", metric())), "web", () => [{ at: 120, value: 80 }], nothing, false);
		expect(p?.times).toEqual([100, 110]);
	});
	test("a policy that is not there has none", () => expect(picture(trends(), "web", nothing, nothing, true)).toBeUndefined());
});

describe("linesOf", () => {
	test("scaleUp and scaleDown are levels", () =>
		expect(linesOf(drawn(trends(policy("web", metric()))), 0).levels.map((l) => l[1])).toEqual([70, 25]));
	test("of a change in percent they are words", () => {
		const m = metric({ comparison: "percentage_change" });
		expect(linesOf(drawn(trends(policy("web", m))), 0).levels).toEqual([]);
		expect(aboutOf(m)).toContain("scaleUp above 70 % change");
	});
	test("a target of each replica's share is a line that follows the replicas", () => {
		const lines = linesOf(drawn(trends(policy("web", metric({ target: 100, scope: "total" })))), 0).lines;
		expect(lines.map((l) => l.values)).toEqual([[50, 60], [100, 200]]);
	});
	test("low and high are a band", () =>
		expect(linesOf(drawn(trends(policy("web", metric({ low: [1, 2], high: [8, 9] })))), 0).lines[0]?.band).toEqual({ low: [1, 2], high: [8, 9] }));
});

describe("drawing", () => {
	const p = drawn(trends(policy("web", metric())));
	test("the bounds, and the cooldowns of the policy that is looked at", () => {
		const d = drawing(p, [event(), event({ id: "b", policy: "next", mode: "shadow" })], undefined);
		expect(d.waits).toEqual({ up: [{ from: 103, to: 163 }], down: [{ from: 103, to: 403 }] });
		expect(d.replicas.flatMap((m) => (m.kind === "level" ? [m.name] : []))).toEqual(["min 1", "max 4"]);
		expect(d.replicas.filter((m) => m.kind === "event").length).toBe(2);
	});
	test("an event has the colour of its result, and is lit where it is pointed at", () => {
		const d = drawing(p, [event({ result: "failed" }), event({ id: "b" })], "b");
		expect(d.metrics[0]?.marks.flatMap((m) => (m.kind === "event" ? [[m.colour, m.lit]] : []))).toEqual([["bad", false], ["good", true]]);
	});
});
