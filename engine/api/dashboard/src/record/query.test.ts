import { expect, test } from "vitest";
import { read, some, write } from "./query";

const fields = ["kind", "text"] as const;

test("a filter becomes an address, and the address the filter", () => {
	for (const words of [
		{ kind: "", text: "" },
		{ kind: "pause", text: "a&b=c ü <script> \u202e" },
		{ kind: "", text: "?#%20+" },
	]) {
		const query = Object.fromEntries(new URL("http://x" + write("/audit", words, fields)).searchParams);
		expect(read(query, fields)).toEqual(words);
	}
});

test("what is not asked for is not in the address, and a field that nobody knows is left out", () => {
	expect(write("/audit", { kind: "", text: "" }, fields)).toBe("/audit");
	expect(write("/audit", { text: "b", kind: "a" }, fields)).toBe("/audit?kind=a&text=b");
	expect(read({ kind: " a ", other: "x" }, fields)).toEqual({ kind: "a", text: "" });
	expect(some({ a: "", b: "" })).toBe(false);
	expect(some({ a: "", b: "x" })).toBe(true);
});
