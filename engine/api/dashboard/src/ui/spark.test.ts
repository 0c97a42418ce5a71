import { expect, test } from "vitest";
import { drawn } from "./spark";

test("a gap parts the line", () => {
	const { lines } = drawn([1, 2, null, 3], []);
	expect(lines.length).toBe(2);
});

test("a bound lies inside the picture, and the higher value above", () => {
	const { at } = drawn([1, 2], [10, 0]);
	expect(at(10)).toBeLessThan(at(2));
	expect(at(2)).toBeLessThan(at(0));
	for (const v of [0, 1, 2, 10]) {
		expect(at(v)).toBeGreaterThanOrEqual(0);
		expect(at(v)).toBeLessThanOrEqual(28);
	}
});

test("all alike, one, or none at all is drawn too", () => {
	expect(drawn([5, 5, 5], []).lines[0]).not.toContain("NaN");
	expect(drawn([5], []).lines.length).toBe(1);
	expect(drawn([], []).lines).toEqual([]);
	expect(drawn([null, NaN, Infinity], [undefined]).lines).toEqual([]);
});

test("a count holds until it changes", () => {
	expect(drawn([1, 2], [], true).lines[0]).toMatch(/H120V/);
});
