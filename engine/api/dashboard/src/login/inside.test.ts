import { expect, test } from "vitest";
import { inside } from "./inside";

const origin = "https://scaler:5001";

test.each([
	["nothing", undefined, "/"],
	["empty", "", "/"],
	["a page", "/services/web?last=7d", "/services/web?last=7d"],
	["the story of an event", "/why/event/web-1", "/why/event/web-1"],
	["a host", "https://evil.example/", "/"],
	["a host without a scheme", "//evil.example/", "/"],
	["a backslash", "/\\evil.example/", "/"],
	["a tab that a browser leaves out", "/\t/evil.example/", "/"],
	["dots that a browser takes away", "/.//evil.example/", "/"],
	["a script", "javascript:alert(1)", "/"],
	["a script behind a slash", "/javascript:alert(1)", "/javascript:alert(1)"],
	["a user before a host", "/@evil.example", "/@evil.example"],
	["no address", "//[", "/"],
	["the login itself", "/login?to=/login", "/"],
])("after the login one comes to a page here: %s", (_, to, want) => {
	expect(inside(to, origin)).toBe(want);
});
