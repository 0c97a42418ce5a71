import { describe, expect, test } from "vitest";
import { isolated, nearest, reach, sampled, shortest, ticks, zoomed } from "./axis";

describe("reach", () => {
	test("levels are in the picture, with room around", () => {
		const [low, high] = reach(40, 50, [70, 25]);
		expect(low).toBeLessThan(25);
		expect(high).toBeGreaterThan(70);
	});
	test("what is never below 0 is not drawn below it", () => expect(reach(1, 100, [])[0]).toBe(0));
	test("what is below 0 is", () => expect(reach(-5, 5, [], true)[0]).toBeLessThan(-5));
	test("an axis from 0 has it", () => expect(reach(90, 100, [], true)[0]).toBe(0));
	test("one value, all 0 and nothing have a height too", () => {
		for (const [min, max] of [[7, 7], [0, 0], [null, null]] as const) {
			const [low, high] = reach(min, max, []);
			expect(high).toBeGreaterThan(low);
		}
	});
});

describe("nearest", () => {
	const times = [10, 20, 30, 50];
	for (const [at, want] of [[0, 0], [10, 0], [14, 0], [16, 1], [39, 2], [41, 3], [99, 3]] as const)
		test(`${at}`, () => expect(nearest(times, at)).toBe(want));
	test("of one, and of none", () => expect([nearest([5], 9), nearest([], 9)]).toEqual([0, -1]));
});

describe("zoomed", () => {
	test("the time under the cursor stays where it is", () => {
		const [from, to] = zoomed(0, 1000, 250, 0.5);
		expect([from, to]).toEqual([125, 625]);
		expect((250 - from) / (to - from)).toBe(0.25);
	});
	test("at the end the end stays", () => expect(zoomed(0, 1000, 1000, 2)).toEqual([-1000, 1000]));
	test("it ends at the shortest", () => {
		const [from, to] = zoomed(0, 40, 20, 0.5);
		expect(to - from).toBe(shortest);
	});
});

test("a table has the newest, and no more than so many", () => {
	expect(sampled([1, 2, 3, 4, 5], 3)).toEqual([4, 2, 0]);
	expect(sampled([], 3)).toEqual([]);
	expect(sampled(Array.from({ length: 999 }, (_, i) => i), 60).length).toBeLessThanOrEqual(60);
});

test("the day is told once", () => {
	const day = Date.parse("2026-01-31T22:00:00") / 1000;
	expect(ticks([day, day + 3600, day + 7200])).toEqual(["22:00\n31 Jan", "23:00", "00:00\n1 Feb"]);
	expect(ticks([day, day + 5])[1]).toBe("22:00:05");
	expect(ticks([day, day + 86400])).toEqual(["31 Jan", "1 Feb"]);
});

describe("isolated", () => {
	const cases: [string, (number | null | undefined)[], number[]][] = [
		["between gaps", [null, 5, null, 6, 7, null], [1]],
		["at the ends", [5, null, null, 6], [0, 3]],
		["what is merely not there parts nothing", [5, undefined, 6, undefined], []],
		["alone with what is not there", [undefined, 5, undefined, null], [1]],
		["nothing", [], []],
	];
	for (const [name, values, want] of cases) test(name, () => expect(isolated(values)).toEqual(want));
});
