import { describe, expect, test } from "vitest";
import type { Begun } from "../shapes";
import { bounded, outcome } from "./actions";

const begun = (more: unknown) => ({ success: true, service: "web", decision: { message: "maxReplicas is 4", reason: "AtMax" }, ...(more as object) }) as Begun;

describe("outcome", () => {
	test("what is begun", () => expect(outcome(begun({ event: { from: 2, to: 4, request: { replicas: 4 } } }))).toEqual({ text: "Begun: 2 → 4", less: false }));
	test("what is cut says why", () =>
		expect(outcome(begun({ event: { from: 2, to: 4, request: { replicas: 9 } } }))).toEqual({ text: "Begun: 2 → 4, not to 9: maxReplicas is 4", less: true }));
	test("what is so already", () => expect(outcome(begun({})).text).toMatch(/^Nothing is to be done/));
	test("what is in its way is an error", () => expect(() => outcome(begun({ success: false }))).toThrow("maxReplicas is 4"));
	test("without words it is the code", () =>
		expect(() => outcome(begun({ success: false, decision: { message: "", reason: "AtMax" } }))).toThrow("AtMax"));
});

test.each([
	[9, 6, "9 is above the maximum of 6: it becomes 6."],
	[1, 2, "1 is below the minimum of 2: it becomes 2."],
	[2, 2, undefined],
	[6, 6, undefined],
] as const)("the bounds 2 to 6 make of %d %d", (asked, to, why) => {
	expect(bounded(asked, 2, 6)).toEqual(why === undefined ? { to } : { to, why });
});
