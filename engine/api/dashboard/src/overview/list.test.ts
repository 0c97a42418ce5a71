import { describe, expect, test } from "vitest";
import type { PolicyStatus } from "../shapes";
import { chosen, counted, matching, ordered, placed, queryOf, sorted, states, toggled, viewOf, type View } from "./list";

function policy(name: string, state = "active", replicas = 1, started?: string): PolicyStatus {
	return { name, service: name + "-svc", state: { name: state }, currentReplicas: replicas, lastEvent: started && { started } } as PolicyStatus;
}

const plain: View = { text: "", states: [], sort: "state", reverse: false };
const namesOf = (all: PolicyStatus[]) => all.map((p) => p.name);

describe("the query", () => {
	test("says nothing of what is by default", () => {
		expect(queryOf(plain)).toBe("");
		expect(viewOf({})).toEqual(plain);
	});
	test("is read back as it was written", () => {
		const all: View[] = [
			{ text: "a&b=c ü", states: ["failing", "paused"], sort: "event", reverse: true },
			{ ...plain, reverse: true },
			{ ...plain, sort: "name" },
		];
		for (const v of all) expect(viewOf(Object.fromEntries(new URLSearchParams(queryOf(v))))).toEqual(v);
	});
	test("leaves out what is not known", () => {
		expect(viewOf({ state: "failing,odd,,paused", sort: "--colour" })).toEqual({ ...plain, states: ["failing", "paused"], reverse: true });
		expect(viewOf({ sort: "constructor" }).sort).toBe("state");
	});
	test("states are in one order, however they were chosen", () => {
		const v = toggled(toggled(plain, "disabled"), "failing");
		expect(queryOf(v)).toBe("?state=failing,disabled");
		expect(toggled(v, "failing").states).toEqual(["disabled"]);
	});
	test("a second click on a column turns it around, one on another does not", () => {
		expect(sorted(plain, "state").reverse).toBe(true);
		expect(sorted(sorted(plain, "state"), "name")).toEqual({ ...plain, sort: "name" });
	});
});

describe("matching", () => {
	const all = [policy("web"), policy("Worker"), policy("api")];
	test.each([
		["", ["web", "Worker", "api"]],
		["  ", ["web", "Worker", "api"]],
		["WEB", ["web"]],
		["svc", ["web", "Worker", "api"]],
		["w svc", ["web", "Worker"]],
		["ork w", ["Worker"]],
		["(", []],
	])("%j", (text, want) => {
		expect(namesOf(matching(all, text))).toEqual(want);
	});
});

test("counts are of the states there are, and of those asked for, the worst first", () => {
	expect(counted([policy("a"), policy("b", "failing"), policy("c")], ["paused"])).toEqual([["failing", 1], ["paused", 0], ["active", 2]]);
});

describe("ordered", () => {
	const all = [
		policy("web-10", "disabled", 2, "2026-01-01T00:00:00Z"),
		policy("web-2", "failing", 9),
		policy("api", "active", 2, "2026-01-02T00:00:00Z"),
		policy("db", "blocked", 0),
	];
	test.each([
		["name", false, ["api", "db", "web-2", "web-10"]],
		["name", true, ["web-10", "web-2", "db", "api"]],
		["state", false, ["web-2", "db", "api", "web-10"]],
		["state", true, ["web-10", "api", "db", "web-2"]],
		["replicas", false, ["web-2", "api", "web-10", "db"]],
		["replicas", true, ["db", "api", "web-10", "web-2"]],
		["event", false, ["api", "web-10", "db", "web-2"]],
	] as const)("by %s, reverse %s", (sort, reverse, want) => {
		const before = [...all];
		expect(namesOf(ordered(all, sort, reverse, placed(all)))).toEqual(want);
		expect(all).toEqual(before);
	});
	test("a state of a later version comes last", () => {
		const odd = [policy("new", "dreaming"), ...states.map((s) => policy(s, s))];
		expect(namesOf(ordered(odd, "state", false, placed(odd)))).toEqual([...states, "new"]);
	});
});

test("places are kept while the names are the same", () => {
	const before = placed([policy("a"), policy("b")]);
	expect(placed([policy("a", "failing", 7), policy("b")], before)).toBe(before);
	for (const other of [[policy("a")], [policy("a"), policy("c")], [policy("a"), policy("b"), policy("c")]])
		expect(placed(other, before).of).toEqual(placed(other).of);
});

test("a view filters by state", () => {
	const all = [policy("a"), policy("b", "failing"), policy("c", "paused")];
	expect(namesOf(chosen(all, { ...plain, states: ["failing", "paused"], reverse: true }, placed(all)))).toEqual(["c", "b"]);
	expect(namesOf(chosen(all, plain, placed(all)))).toEqual(["b", "c", "a"]);
});
