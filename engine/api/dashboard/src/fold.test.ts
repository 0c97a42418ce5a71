import { describe, expect, test } from "vitest";
import { mostEntries, mostPoints, withEntry, withPolicy, withReading, type Point } from "./fold";
import type { Entry, PolicyStatus, Reading, Status } from "./shapes";

const policy = (name: string, currentReplicas = 1) => ({ name, service: name, currentReplicas }) as PolicyStatus;
const entry = (number: number) => ({ number }) as Entry;
const ok = (value: number) => ({ status: "ok", value }) as Reading;

describe("withPolicy", () => {
	const before = { enabled: true, policies: [policy("a"), policy("c")] } as Status;
	test("takes the place of the one of its name", () => {
		const after = withPolicy(before, policy("c", 3));
		expect(after.policies.map((p) => p.currentReplicas)).toEqual([1, 3]);
		expect(before.policies[1]?.currentReplicas).toBe(1);
	});
	test("a new one comes where its name belongs", () => {
		expect(withPolicy(before, policy("b")).policies.map((p) => p.name)).toEqual(["a", "b", "c"]);
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
