import { expect, test } from "vitest";
import { apart } from "./apart";

const said = (mine: string, theirs: string) => {
	const a = apart(mine, theirs);
	return [[...a.mine], [...a.theirs]];
};

test.each([
	["the same", "a\nb", "a\nb", [[], []]],
	["one line changed", "a\nb\nc", "a\nx\nc", [[2], [2]]],
	["a line more", "a\nb\nc", "a\nc", [[2], []]],
	["a line less", "a\nc", "a\nb\nc", [[], [2]]],
	["two places", "a\nb\nc\nd\ne", "a\nx\nc\ny\ne", [[2, 4], [2, 4]]],
	["nothing in common", "a", "b\nc", [[1], [1, 2]]],
	["a repeated line", "a\na\nb", "a\nb", [[2], []]],
])("%s", (_, mine, theirs, want) => {
	expect(said(mine, theirs)).toEqual(want);
});

test("what is too long to compare is marked as a whole", () => {
	const long = (c: string) => "begin\n" + Array.from({ length: 3000 }, (_, i) => c + i).join("\n") + "\nend";
	const a = apart(long("a"), long("b"));
	expect(a.mine.size).toBe(3000);
	expect(a.mine.has(1)).toBe(false);
	expect(a.mine.has(3002)).toBe(false);
});
