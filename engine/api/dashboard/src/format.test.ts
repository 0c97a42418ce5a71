import { describe, expect, test } from "vitest";
import { ago, length, number } from "./format";

describe("number", () => {
	for (const [v, want] of [
		[0, "0"], [0.12345, "0.123"], [1.005, "1"], [1.239, "1.24"], [12.34, "12.3"], [123.4, "123"], [9999, "9999"], [12345, "12.3\u202fk"],
		[1_234_000, "1.23\u202fM"], [-12345, "-12.3\u202fk"], [null, "–"], [undefined, "–"], [NaN, "–"], [Infinity, "–"],
	] as const)
		test(`${v}`, () => expect(number(v)).toBe(want));
});

describe("length", () => {
	for (const [v, want] of [[0, "0s"], [12.4, "12s"], [60, "1m"], [61, "1m 1s"], [3600, "1h"], [3601, "1h"], [90061, "1d 1h"], [-3, "0s"], [NaN, "–"]] as const)
		test(`${v}`, () => expect(length(v)).toBe(want));
});

describe("ago", () => {
	for (const [seconds, want] of [[0, "now"], [4, "now"], [61, "1m 1s ago"], [3661, "1h 1m ago"], [-30, "now"]] as const)
		test(`${seconds}`, () => expect(ago(1_000_000_000_000, 1_000_000_000_000 + seconds * 1000)).toBe(want));
});
