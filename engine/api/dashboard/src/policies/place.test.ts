import { expect, test } from "vitest";
import { about, byLine, counted, hidden, inLine, inOrder, marksOf, offsetOf, placeOf, reach, type Mark } from "./place";

const text = '{\n\t"näme": "😀", "x": 1\n}';

test("a column counts bytes, and an index UTF-16", () => {
	const line = '\t"näme": "😀", "x": 1';
	expect(line[inLine(line, 2)]).toBe('"');
	expect(line[inLine(line, 4)]).toBe("ä");
	expect(line[inLine(line, 6)]).toBe("m");
	expect(line.slice(inLine(line, 16))).toBe('", "x": 1');
	expect(inLine(line, 1)).toBe(0);
	expect(inLine(line, 1000)).toBe(line.length);
});

test("each place of a text leads to its offset, and back", () => {
	let at = 0;
	for (const c of text) {
		const { line, column } = placeOf(text, at);
		expect(offsetOf(text, line, column)).toBe(at);
		at += c.length;
	}
	expect(placeOf(text, text.indexOf('"x"'))).toEqual({ line: 2, column: 19 });
	expect(offsetOf(text, 9, 1)).toBe(text.length);
});

test("a column within a sign leads behind it, never into it", () => {
	const at = offsetOf(text, 2, 13);
	expect(text.slice(at, at + 1)).toBe('"');
});

test("what stands at a place", () => {
	const line = '"a\\"b": 12, tr';
	expect(line.slice(0, reach(line, 0))).toBe('"a\\"b"');
	expect(line.slice(8, reach(line, 8))).toBe("12");
	expect(line.slice(10, reach(line, 10))).toBe(",");
	expect(reach(line, line.length)).toBe(line.length);
	expect(reach('"open', 0)).toBe(5);
});

test("what is said of a text that begins with space is moved to where it stands", () => {
	const said = [
		{ location: "body.policy.service", line: 1, column: 1, message: "a" },
		{ location: "body", line: 2, column: 3, message: "b" },
		{ path: "x", line: 0, column: 0, severity: "warning", rule: "r", message: "c" },
	];
	expect(marksOf(said, "\n  {}")).toEqual([
		{ line: 2, column: 3, severity: "error", message: "a", path: "service" },
		{ line: 3, column: 3, severity: "error", message: "b" },
		{ line: 0, column: 0, severity: "warning", message: "c", path: "x", rule: "r" },
	]);
	expect(marksOf(said, "{}").map((m) => m.line)).toEqual([1, 2, 0]);
});

const mark = (line: number, column: number, severity: Mark["severity"]): Mark => ({ line, column, severity, message: "m" });

test("lines have their marks, errors first, and none is lost behind the end", () => {
	const all = byLine([mark(2, 1, "warning"), mark(2, 9, "error"), mark(7, 1, "error"), mark(0, 1, "error")], 3);
	expect(all.get(2)?.map((m) => m.severity)).toEqual(["error", "warning"]);
	expect(all.get(3)?.length).toBe(1);
	expect(all.size).toBe(2);
});

test("a list goes by place", () => {
	const listed = inOrder([mark(3, 1, "error"), mark(1, 5, "warning"), mark(1, 2, "error"), mark(0, 0, "error")]);
	expect(listed.map((m) => [m.line, m.column])).toEqual([[0, 0], [1, 2], [1, 5], [3, 1]]);
});

test("how many", () => {
	expect(counted([])).toBe("no errors");
	expect(counted([mark(1, 1, "error")])).toBe("1 error");
	expect(counted([mark(1, 1, "error"), mark(1, 1, "error"), mark(1, 1, "warning")])).toBe("2 errors, 1 warning");
});

test("of a long text the part around the line is shown", () => {
	expect(about(30, 7, 100)).toEqual({ from: 0, to: 30 });
	expect(about(1000, 3, 100)).toEqual({ from: 0, to: 100 });
	expect(about(1000, 500, 100)).toEqual({ from: 490, to: 590 });
	expect(about(1000, 999, 100)).toEqual({ from: 900, to: 1000 });
});

test("signs that can't be seen are pointed at", () => {
	expect(hidden("{}\n")).toEqual([]);
	expect(hidden('{\n"a\u202eb": 1}')).toMatchObject([{ line: 2, column: 3, severity: "warning", message: expect.stringContaining("\\u202e") as string }]);
	expect(hidden("\u200b".repeat(500)).length).toBe(10);
});
