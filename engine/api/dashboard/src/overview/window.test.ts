import { describe, expect, test } from "vitest";
import { moved, placesOf, scrolled, spanOf } from "./window";

describe("spanOf", () => {
	test("has all that one sees, wherever the list is", () => {
		const [row, height, count] = [72, 900, 1000];
		for (let top = 700; top > -row * count - 2000; top -= 53) {
			const { first, last } = spanOf(top, height, row, count);
			expect(first).toBeGreaterThanOrEqual(0);
			expect(last).toBeLessThanOrEqual(count);
			for (let i = 0; i < count; i++) {
				const seen = top + (i + 1) * row > 0 && top + i * row < height;
				if (seen && (i < first || i >= last)) throw new Error(`row ${i} is seen at ${top}, and not drawn`);
			}
			expect(last - first).toBeLessThan(height / row + 14);
		}
	});
	test("stays as it is while one scrolls a little", () => {
		expect(spanOf(-400, 900, 72, 1000)).toEqual(spanOf(-420, 900, 72, 1000));
	});
	test("of nothing there is nothing", () => {
		expect(spanOf(300, 900, 72, 0)).toEqual({ first: 0, last: 0 });
		expect(spanOf(9000, 900, 72, 10)).toEqual({ first: 0, last: 0 });
	});
});

describe("placesOf", () => {
	test.each([
		["the active one above", 2, [2, 10, 11, 12]],
		["among them", 11, [10, 11, 12]],
		["below", 40, [10, 11, 12, 40]],
		["none", -1, [10, 11, 12]],
		["gone", 70, [10, 11, 12]],
	])("%s", (_name, active, want) => {
		expect(placesOf({ first: 10, last: 13 }, active, 50)).toEqual(want);
	});
	test("a span of a list that has become shorter", () => {
		expect(placesOf({ first: 10, last: 30 }, 4, 12)).toEqual([4, 10, 11]);
		expect(placesOf({ first: 10, last: 30 }, 2, 3)).toEqual([2]);
	});
});

describe("moved", () => {
	test.each([
		["ArrowDown", 5, 6],
		["ArrowDown", 99, 99],
		["ArrowUp", 0, 0],
		["PageDown", 95, 99],
		["PageUp", 15, 5],
		["Home", 50, 0],
		["End", 50, 99],
		["a", 5, undefined],
		["toString", 5, undefined],
	])("%s from %d", (key, from, want) => {
		expect(moved(key, from, 100, 10)).toBe(want);
	});
	test("in an empty list there is nowhere to go", () => {
		expect(moved("End", 0, 0, 10)).toBeUndefined();
	});
});

describe("scrolled", () => {
	test("a row in sight stays where it is", () => {
		expect(scrolled(200, 900, 70, 3, 90)).toBe(0);
	});
	test("afterwards a row is all in sight", () => {
		for (const place of [0, 1, 40, 500, 999]) {
			const by = scrolled(-3000, 900, 70, place, 90);
			const at = -3000 - by + place * 70;
			expect(at).toBeGreaterThanOrEqual(90);
			expect(at + 70).toBeLessThanOrEqual(900);
		}
	});
	test("one that is higher than the window shows where it begins", () => {
		const by = scrolled(0, 100, 300, 2, 20);
		expect(600 - by).toBe(20);
	});
});
