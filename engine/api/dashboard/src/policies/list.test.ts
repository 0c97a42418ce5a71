import { expect, test } from "vitest";
import type { About, Policy } from "../shapes";
import { wrongIn } from "./json";
import { beginning, briefPlace, chosen } from "./list";

const policy = (name: string, about: Partial<About>): Policy => ({
	name,
	service: name + "-service",
	about: { source: "file", etag: "e", enabled: true, mode: "live", ...about },
});

const all = [
	policy("web", { place: "/etc/flyball/web.cue:2" }),
	policy("api", { source: "api", enabled: false, warnings: ["w"] }),
	policy("old", { source: "api", leftOut: "there is one in a file" }),
];

test.each([
	["", "all", ["web", "api", "old"]],
	["WEB.CUE", "all", ["web"]],
	["service a", "all", ["web", "api", "old"]],
	["api-service", "all", ["api"]],
	["", "from files", ["web"]],
	["", "by API", ["api", "old"]],
	["", "disabled", ["api"]],
	["", "with warnings", ["api"]],
	["", "left out", ["old"]],
	["web", "by API", []],
] as const)("%j of %s", (text, kind, want) => {
	expect(chosen(all, text, kind).map((p) => p.name)).toEqual(want);
});

test("a long path is told by its end", () => {
	expect(briefPlace("/etc/flyball/policies/web.cue:2")).toBe("…/policies/web.cue:2");
	expect(briefPlace("policies/web.cue:2")).toBe("policies/web.cue:2");
});

test("a new policy begins as JSON", () => {
	expect(wrongIn(beginning)).toBeUndefined();
});
