import { describe, expect, test } from "vitest";
import { ending, whyOf } from "./event";
import type { Event } from "./shapes";

test("how an event ended: open until it has, and a shadow's never has", () => {
	expect(ending({ mode: "live", result: "rolled_back" })).toBe("rolled_back");
	expect(ending({ mode: "live", result: "" })).toBe("open");
	expect(ending({ mode: "live" })).toBe("open");
	expect(ending({ mode: "shadow", result: "succeeded" })).toBe("shadow");
});

describe("what led to an event", () => {
	const event = (more: Partial<Event>) => ({ reasons: null, ...more }) as Event;
	const reason = (message: string, code = "Crossed") => ({ code, message });
	test("each reason once, in one line", () =>
		expect(whyOf(event({ reasons: [reason("cpu is 80,\n above 70"), reason("cpu is 80, above 70"), reason("", "AtMax")] }))).toBe("cpu is 80, above 70; AtMax"));
	test("what was asked for", () => expect(whyOf(event({ request: { kind: "rollback", replicas: 1, actor: "ana" } }))).toBe("rollback was asked for"));
	test("nothing known", () => expect(whyOf(event({}))).toBe(""));
});
