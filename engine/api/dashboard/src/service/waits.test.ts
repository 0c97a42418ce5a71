import { describe, expect, test } from "vitest";
import type { Event } from "../shapes";
import { joined, waitsOf } from "./waits";

const at = (s: number) => new Date(s * 1000).toISOString();
const event = (action: string, ended: number, more: Partial<Event> = {}) =>
	({ action, started: at(ended - 10), ended: at(ended), result: "succeeded", ...more }) as Event;
const request = (kind: string) => ({ request: { kind, replicas: 2, actor: "ana" } }) as Partial<Event>;
const cooldown = { upSeconds: 60, downSeconds: 300 };

describe("waitsOf", () => {
	const cases: [string, Event[], { up: number[][]; down: number[][] }][] = [
		["a raise has both wait", [event("scale_up", 100)], { up: [[100, 160]], down: [[100, 400]] }],
		["a lowering has down wait alone", [event("scale_down", 100)], { up: [], down: [[100, 400]] }],
		["what a person asked for has both wait", [event("scale_down", 100, request("scale"))], { up: [[100, 160]], down: [[100, 400]] }],
		["what was put back leaves up free", [event("scale_up", 100, request("restore"))], { up: [], down: [[100, 400]] }],
		["what somebody else did starts nothing", [event("scale_up", 100, { result: "seen" })], { up: [], down: [] }],
		["an event that is open starts it when it ends", [event("scale_up", 100, { ended: "" })], { up: [], down: [] }],
		["a second raise makes it longer", [event("scale_up", 200), event("scale_up", 100)], { up: [[100, 160], [200, 260]], down: [[100, 500]] }],
	];
	for (const [name, events, want] of cases)
		test(name, () => {
			const pairs = (s: { from: number; to: number }[]) => s.map((w) => [w.from, w.to]);
			const got = waitsOf(events, cooldown);
			expect({ up: pairs(got.up), down: pairs(got.down) }).toEqual(want);
		});
	test("no cooldown, no band", () => expect(waitsOf([event("scale_up", 100)], { upSeconds: 0, downSeconds: 0 })).toEqual({ up: [], down: [] }));
});

test("one inside another is the longer one", () => expect(joined([{ from: 5, to: 6 }, { from: 0, to: 10 }])).toEqual([{ from: 0, to: 10 }]));
