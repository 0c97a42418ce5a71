import { expect, test } from "vitest";
import { marks, picture } from "./bounds";

test.each([
	["up above 70", 75, { at: 70, kind: "up", over: true }],
	["up above 70", 70, { at: 70, kind: "up", over: false }],
	["down below 25", 5, { at: 25, kind: "down", over: true }],
	["up below 0.5", 0.4, { at: 0.5, kind: "up", over: true }],
	["down above 1e+06", 2e6, { at: 1e6, kind: "down", over: true }],
	["target 50 ± 10 %", 80, { at: 50, kind: "target", over: false }],
	["+2 above 90", 95, { at: 90, kind: "up", over: true }],
	["−1 below 20", 30, { at: 20, kind: "down", over: false }],
])("%s at %d", (text, value, want) => {
	expect(marks([text], value)).toEqual([want]);
});

test("a percentage of what was before is no place on the axis, and neither is what nobody knows", () => {
	expect(marks(["up above 50 % more", "anything else", "up above NaN"], 1)).toEqual([]);
});

test("all lies in the picture, also below zero", () => {
	for (const [bounds, value] of [
		[["up above 70", "down below 25"], 150],
		[["up above -5", "down below -50"], -80],
		[["target 0 ± 10 %"], 0],
	] as const) {
		const p = picture([...bounds], value);
		expect(p).toBeDefined();
		for (const at of [p?.value, p?.zero, ...(p?.marks.map((m) => m.at) ?? [])]) {
			expect(at).toBeGreaterThanOrEqual(0);
			expect(at).toBeLessThanOrEqual(100);
		}
	}
});

test("without a value, or with nothing to compare with, there is none", () => {
	expect(picture(["up above 70"], undefined)).toBeUndefined();
	expect(picture(["up above 70"], NaN)).toBeUndefined();
	expect(picture([], 5)).toBeUndefined();
});
