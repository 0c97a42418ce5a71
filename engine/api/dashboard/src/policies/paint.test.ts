import { expect, test } from "vitest";
import { painted, underlined } from "./paint";

const kinds = (line: string, language: Parameters<typeof painted>[1]) =>
	painted(line, language)
		.filter((p) => p.kind !== "")
		.map((p) => [p.kind, p.text]);

test("what a line is made of", () => {
	expect(kinds('\t"max": 5, "on": true, "s": "a: 1"', "json")).toEqual([
		["key", '"max"'],
		["number", "5"],
		["key", '"on"'],
		["word", "true"],
		["key", '"s"'],
		["string", '"a: 1"'],
	]);
	expect(kinds('cooldown: {up: "4s"} // short: "x"', "cue")).toEqual([
		["key", "cooldown"],
		["key", "up"],
		["string", '"4s"'],
		["comment", '// short: "x"'],
	]);
	expect(kinds('url: "http://a#b" # see', "yaml")).toEqual([
		["key", "url"],
		["string", '"http://a#b"'],
		["comment", "# see"],
	]);
	expect(kinds("x := input.a if not b", "rego").map(([k]) => k)).toEqual(["word", "word"]);
});

test("nothing of a line is lost", () => {
	for (const line of ['a: "😀" \\ "open', "\t\t}", "", '#D: {x?: int | *"ü"} // é', "x".repeat(5000)])
		for (const language of ["cue", "json", "yaml", "rego", "txtar"] as const)
			expect(painted(line, language).map((p) => p.text).join("")).toBe(line);
});

test("what is wrong is underlined where it stands", () => {
	const line = '\t"ä": 5, "maxReplica": 1';
	const at = { line: 1, severity: "error", message: "m" } as const;
	const pieces = underlined(line, painted(line, "json"), [{ ...at, column: 11 }, { ...at, column: 8, severity: "warning" }]);
	expect(pieces.map((p) => p.text).join("")).toBe(line);
	expect(pieces.filter((p) => p.wrong).map((p) => [p.wrong, p.text])).toEqual([
		["warning", "5"],
		["error", '"maxReplica"'],
	]);
});

test("behind the end of a line nothing is underlined", () => {
	const pieces = underlined("ab", painted("ab", "json"), [{ line: 1, column: 40, severity: "error", message: "m" }]);
	expect(pieces).toEqual([{ text: "ab", kind: "" }]);
});
