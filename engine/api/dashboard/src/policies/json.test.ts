import { expect, test } from "vitest";
import { wrongIn } from "./json";

const policy = `{
	"name": "web",
	"metrics": [{"name": "cpu", "weight": 0.5e-1, "x": [], "y": {}}, {"z": -12}],
	"say": "a \\"b\\" \\u00e4 \\\\",
	"enabled": true, "mode": null
}
`;

test("JSON has nothing wrong", () => {
	expect(wrongIn(policy)).toBeUndefined();
	expect(wrongIn(" {}\n")).toBeUndefined();
});

test.each([
	["nothing", "", 0, "nothing here"],
	["no object", "[1]", 0, "begins with {"],
	["a name without quotes", '{name: "web"}', 1, '"name"; a field\'s name'],
	["no colon", '{"name" "web"}', 8, "colon"],
	["no comma", '{"a": 1\n"b": 2}', 8, 'found "b"; a comma or }'],
	["a comma too many", '{"a": 1,\n}', 7, "one comma too many"],
	["a comma too many in a list", '{"a": [1, ]}', 8, "one comma too many"],
	["not closed", '{"a": [1, 2', 6, "[ is not closed"],
	["not closed at all", '{"a": 1', 0, "{ is not closed"],
	["a text that is not closed", '{"a": "b\n}', 6, "not closed"],
	["a text without quotes", '{"a": 90s}', 8, 'write text in "quotes"'],
	["a number with a zero before it", '{"a": 012}', 7, "right behind a value"],
	["single quotes", "{\"a\": 'b'}", 6, "double quotes"],
	["no value", '{"a": }', 6, "allowed are"],
	["a backslash", '{"a": "\\d"}', 7, "\\d means nothing"],
	["a backslash at the end", '{"a": "\\', 7, "means nothing"],
	["half a sign", '{"a": "\\u12"}', 7, "\\u means nothing"],
	["a tab in a text", '{"a": "\t"}', 7, '"\\t"'],
	["something behind it", '{"a": 1} , "b": {}', 9, "nothing may follow"],
	["too deep", '{"a":' + "[".repeat(500), 104, "braces within"],
])("%s", (_, text, at, message) => {
	const wrong = wrongIn(text);
	expect(wrong?.message).toContain(message);
	expect(wrong?.at).toBe(at);
});

// Whatever is done to a text, it says the same as the browser.
test("it agrees with JSON.parse", () => {
	let seed = 7;
	const upTo = (n: number) => {
		seed = (seed * 1103515245 + 12345) % 2147483648;
		return Math.floor((seed / 2147483648) * n);
	};
	const signs = ["{", "}", "[", "]", '"', ",", ":", "\\", "0", "-", "e", ".", " ", "\n", "\t", "null", "ä", "😀", ""];
	for (let n = 0; n < 2000; n++) {
		const at = upTo(policy.length);
		const text = policy.slice(0, at) + (signs[upTo(signs.length)] ?? "") + policy.slice(at + upTo(4));
		let parses = true;
		try {
			JSON.parse(text);
		} catch {
			parses = false;
		}
		expect(wrongIn(text) === undefined, text).toBe(parses);
	}
});
