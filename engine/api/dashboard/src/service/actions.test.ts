import { describe, expect, test } from "vitest";
import type { Begun } from "../shapes";
import { outcome } from "./actions";

const begun = (more: unknown) => ({ success: true, service: "web", decision: { message: "maxReplicas is 4", reason: "AtMax" }, ...(more as object) }) as Begun;

describe("outcome", () => {
	test("what is begun", () => expect(outcome(begun({ event: { from: 2, to: 4, request: { replicas: 4 } } }))).toBe("Begun: 2 → 4"));
	test("what is cut says why", () =>
		expect(outcome(begun({ event: { from: 2, to: 4, request: { replicas: 9 } } }))).toBe("Begun: 2 → 4, not to 9: maxReplicas is 4"));
	test("what is so already", () => expect(outcome(begun({}))).toMatch(/^Nothing is to be done/));
	test("what is in its way is an error", () => expect(() => outcome(begun({ success: false }))).toThrow("maxReplicas is 4"));
	test("without words it is the code", () =>
		expect(() => outcome(begun({ success: false, decision: { message: "", reason: "AtMax" } }))).toThrow("AtMax"));
});
