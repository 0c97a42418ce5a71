import { expect, test } from "vitest";
import { skewed } from "./clock";

const at = Date.parse("2026-11-27T10:00:00.700Z");

test.each([
	["the same clock", 0, "Fri, 27 Nov 2026 10:00:00 GMT", 0],
	["an answer that took a while", 0, "Fri, 27 Nov 2026 09:59:57 GMT", 0],
	["an hour ahead", 0, "Fri, 27 Nov 2026 11:00:00 GMT", 3_599_800],
	["an hour behind", 0, "Fri, 27 Nov 2026 09:00:00 GMT", -3_600_200],
	["about what was known", 3_599_000, "Fri, 27 Nov 2026 11:00:00 GMT", 3_599_000],
	["set right again", 3_599_000, "Fri, 27 Nov 2026 10:00:01 GMT", 0],
	["no time", 3_599_000, null, 3_599_000],
	["no time that can be read", 0, "soon", 0],
])("the daemon's clock: %s", (_, before, answer, want) => {
	expect(skewed(before, answer, at)).toBe(want);
});
