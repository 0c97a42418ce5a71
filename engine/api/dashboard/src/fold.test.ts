import { describe, expect, test } from "vitest";
import { mostEntries, mostPoints, withEntry, withPolicies, withReading, withStatus, type Point } from "./fold";
import type { Entry, PolicyStatus, Reading, Status } from "./shapes";

const policy = (name: string, currentReplicas = 1) => ({ name, service: name, currentReplicas }) as PolicyStatus;
const entry = (number: number) => ({ number }) as Entry;
const ok = (value: number) => ({ status: "ok", value }) as Reading;

describe("withPolicies", () => {
	const before = { enabled: true, policies: [policy("a"), policy("c")], fleet: { replicas: 2 } } as Status;
	test("each takes the place of the one of its name, and the fleet is counted along", () => {
		const after = withPolicies(before, [policy("c", 3), policy("a", 2)]);
		expect(after.policies.map((p) => p.currentReplicas)).toEqual([2, 3]);
		expect(after.fleet.replicas).toBe(5);
		expect(before.policies[1]?.currentReplicas).toBe(1);
		expect(before.fleet.replicas).toBe(2);
	});
	test("what is not told of stays the same object", () => {
		expect(withPolicies(before, [policy("c", 3)]).policies[0]).toBe(before.policies[0]);
		expect(withPolicies(before, [])).toBe(before);
	});
	test("new ones come where their names belong", () => {
		expect(withPolicies(before, [policy("d"), policy("b")]).policies.map((p) => p.name)).toEqual(["a", "b", "c", "d"]);
	});
	test("what a shadow would have is nothing that the fleet has", () => {
		const shadow = { ...policy("c", 9), mode: "shadow" } as PolicyStatus;
		expect(withPolicies(before, [shadow]).fleet.replicas).toBe(2);
	});
});

describe("withStatus", () => {
	const at = (name: string, lastEvaluation: string, currentReplicas: number) => ({ ...policy(name, currentReplicas), lastEvaluation });
	const early = "2026-01-01T00:00:00Z";
	const late = "2026-01-01T00:00:05Z";
	const of = (...policies: PolicyStatus[]) => ({ enabled: true, policies, fleet: { replicas: policies.reduce((n, p) => n + p.currentReplicas, 0) } }) as Status;
	test("what was told in the meantime stays, what is gone goes", () => {
		const after = withStatus(of(at("a", late, 4), at("b", early, 1), at("gone", late, 7)), of(at("a", early, 2), at("b", late, 3)));
		expect(after.policies.map((p) => [p.name, p.currentReplicas])).toEqual([["a", 4], ["b", 3]]);
		expect(after.fleet.replicas).toBe(7);
	});
	test("nothing was known", () => {
		expect(withStatus(undefined, of(at("a", early, 2))).policies.length).toBe(1);
	});
});

describe("withEntry", () => {
	test("newest first, each once, in order though they come late", () => {
		let all: Entry[] = [];
		for (const n of [1, 3, 2, 3, 1]) all = withEntry(all, entry(n));
		expect(all.map((e) => e.number)).toEqual([3, 2, 1]);
	});
	test("no more than so many are kept", () => {
		let all: Entry[] = [];
		for (let n = 1; n <= mostEntries + 7; n++) all = withEntry(all, entry(n));
		expect(all.length).toBe(mostEntries);
		expect(all[0]?.number).toBe(mostEntries + 7);
	});
});

describe("withReading", () => {
	test("the same reading told twice is one point, and one that is not ok has no value", () => {
		let points: Point[] = withReading([], 10, ok(5));
		points = withReading(points, 10, ok(5));
		points = withReading(points, 20, { status: "stale", value: 5 } as Reading);
		expect(points).toEqual([{ at: 10, value: 5 }, { at: 20, value: null }]);
	});
	test("the newest stay", () => {
		let points: Point[] = [];
		for (let at = 1; at <= mostPoints + 5; at++) points = withReading(points, at, ok(at));
		expect([points.length, points[0]?.at, points.at(-1)?.at]).toEqual([mostPoints, 6, mostPoints + 5]);
	});
});
