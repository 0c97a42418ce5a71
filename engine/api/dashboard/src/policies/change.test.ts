import { expect, test } from "vitest";
import { pair, sign, written } from "./change";

test("values are written as flyball diff writes them", () => {
	expect([null, undefined, true, 4, 0.25, "5m", ""].map(written)).toEqual(["none", "none", "true", "4", "0.25", "5m", ""]);
	expect(written({ a: 1 })).toBe('{"a":1}');
});

test("lines of a rule", () => {
	expect(["+ x", "- x", "  x", ""].map(sign)).toEqual(["more", "less", "", ""]);
});

const revision = (id: string, current = false) => ({ id, current });

test("compared at first are the one at work and the one before", () => {
	expect(pair([])).toBeUndefined();
	expect(pair([revision("a", true)])).toBeUndefined();
	expect(pair([revision("c", true), revision("b"), revision("a")])).toEqual({ from: "b", to: "c" });
	expect(pair([revision("c"), revision("b", true), revision("a")])).toEqual({ from: "a", to: "b" });
	expect(pair([revision("c"), revision("b")])).toEqual({ from: "b", to: "c" });
	expect(pair([revision("c"), revision("b", true)])).toEqual({ from: "c", to: "b" });
});
