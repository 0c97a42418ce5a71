import { expect, test, vi } from "vitest";
import type { Mark, Moment } from "./draw";

vi.mock("./theme", () => ({ colour: () => "#000" })); // which asks the browser
const { apart } = await import("./draw");

const event = (at: number, colour = "good", lit = false): Moment => ({ kind: "event", at, colour, name: "" + at, lit });
const level: Mark = { kind: "level", at: 5, colour: "up", name: "scaleUp" };

test("events of a colour that would cover each other are drawn once; those of another are not hidden", () => {
	const kept = apart([event(2), event(0), level, event(1, "bad"), event(4)], (t) => t);
	expect(kept.map((m) => m.at)).toEqual([0, 1, 4]);
});

test("what is pointed at is drawn, and on top", () => {
	expect(apart([event(1, "good", true), event(0), event(9)], (t) => t).map((m) => m.at)).toEqual([0, 9, 1]);
});
