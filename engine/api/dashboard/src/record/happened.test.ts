import { expect, test } from "vitest";
import type { Event } from "../shapes";
import { fields, limitOf, matching, more, reach, tally, type Asked } from "./happened";
import { read } from "./query";

const now = Date.parse("2026-01-01T12:00:00Z");

function event(id: string, over: Partial<Event> = {}): Event {
	return {
		id,
		policy: "p",
		service: "web",
		mode: "live",
		action: "scale_up",
		from: 1,
		to: 2,
		reached: 2,
		started: "2026-01-01T11:00:00Z",
		result: "succeeded",
		reasons: [{ code: "ScaleUpCrossed", message: "cpu is high" }],
		actor: "policy p",
		revision: "r",
		target: { driver: "sim", project: "" },
		...over,
	};
}

function like(q: Record<string, string>): Asked {
	return read(q, fields);
}

const all = [
	event("a", { started: "2026-01-01T11:59:00Z", result: undefined }),
	event("b", { action: "scale_down", error: "Boom: it broke", result: "failed" }),
	event("c", { service: "shop", mode: "shadow" }),
	event("d", { started: "2025-12-01T00:00:00Z", log: "out of MEMORY" }),
];

test.each([
	[{}, "abcd"],
	[{ service: "shop" }, "c"],
	[{ action: "scale_down" }, "b"],
	[{ result: "open" }, "a"],
	[{ result: "succeeded" }, "d"],
	[{ result: "shadow" }, "c"],
	[{ last: "15m" }, "a"],
	[{ last: "24h" }, "abc"],
	[{ last: "for ever" }, "abcd"],
	[{ text: "boom" }, "b"],
	[{ text: "memory" }, "d"],
	[{ text: "scaleupcrossed", action: "scale_down" }, "b"],
	[{ text: "nothing like it" }, ""],
])("%j", (q, want) => {
	expect(matching(all, like(q), now).map((e) => e.id).join("")).toBe(want);
});

test("more is asked for in steps, and no more than the daemon gives", () => {
	expect(["", "0", "100", "101", "5000", "x"].map((limit) => limitOf(like({ limit })))).toEqual([100, 100, 100, 300, 1000, 1000]);
	expect([more(100), more(300), more(1000)]).toEqual([300, 1000, undefined]);
});

test("the page says how far back it looked", () => {
	expect(reach(all, 100, like({}), now)).toBe("all");
	expect(reach(all, 4, like({ last: "24h" }), now)).toBe("enough");
	expect(reach(all, 4, like({}), now)).toBe("cut");
	expect(reach(all.slice(0, 2), 2, like({ last: "24h" }), now)).toBe("cut");
	expect(reach([], 100, like({}), now)).toBe("all");
});

test("how they ended is counted, in one order", () => {
	expect(tally(all)).toEqual([
		["open", 1],
		["succeeded", 1],
		["failed", 1],
		["shadow", 1],
	]);
});
