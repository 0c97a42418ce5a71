import { describe, expect, test } from "vitest";
import type { Alternative, Explanation, Step } from "../shapes";
import { asked, at, before, by, byFile, eventId, guarded, newest, how, permanent, runs, telling, told, took, unchanged, verdict, voice, waits, type Line, type Voice } from "./story";
import { words } from "./words";

const decided = "2026-01-01T08:00:00.857441921Z";

function explanation(over: Partial<Explanation> = {}, record: Partial<Explanation["record"]> = {}): Explanation {
	return {
		at: decided,
		alternatives: [],
		metrics: [],
		rules: [],
		record: {
			at: decided,
			policy: "shop",
			service: "web",
			mode: "live",
			revision: "ccb75397cf0b",
			target: { driver: "sim", project: "" },
			terms: { min: 1, max: 4, every: 2e9 },
			snapshot: {
				at: decided,
				policy: "shop",
				service: { name: "web", replicas: { current: 2, ready: 1, starting: 1 } },
				metrics: {},
				history: { events: [], last_action: "hold", success_rate: 1 },
			},
			state: {} as Explanation["record"]["state"],
			recommendation: { action: "scale_up", replicas: 3, confidence: 0.73216, priority: "high", reasons: [{ code: "ScaleUpCrossed", message: "cpu_usage is 85,\nabove scaleUp 70" }] },
			decision: {
				action: "hold",
				from: 2,
				to: 2,
				reason: "CooldownActive",
				message: "3m left",
				trace: [stage("enabled"), stage("stopped"), { ...stage("cooldown"), from: 3, reason: "CooldownActive", message: "3m left" }, stage("budget")],
			},
			...record,
		},
		...over,
	};
}

function stage(name: string): Step {
	return { stage: name, from: 2, to: 2 };
}

function line(text: string, verdict: string, more: Partial<Line> = {}): Line {
	return { strategy: "s", rule: "r", file: "own.rego", line: 1, text, verdict, ...more };
}

const event = {
	id: "shop-1",
	policy: "shop",
	service: "web",
	mode: "live",
	action: "scale_up",
	from: 1,
	to: 3,
	reached: 2,
	started: "2026-01-01T08:00:00Z",
	ended: "2026-01-01T08:01:30Z",
	result: "partial",
	reasons: [],
	error: "one did not start",
	log: "panic: no\nexit 1\n",
	actor: "anna",
	revision: "r",
	target: { driver: "sim", project: "" },
};

test.each([
	["scale_up", 1, 2, "scales up from 1 to 2"],
	["scale_down", 4, 3, "scales down from 4 to 3"],
	["hold", 2, 2, "holds at 2"],
])("the verdict of %s", (action, from, to, want) => {
	const d = { ...explanation().record.decision, action, from, to };
	expect(verdict(explanation({}, { decision: d }))).toBe(want);
});

test("how long an event took: a shadow's took none", () => {
	expect(took(event)).toBe(90);
	expect(took({ mode: "live", started: event.started })).toBeUndefined();
	expect(took({ ...event, mode: "shadow" })).toBeUndefined();
});

test("who asked is told, with force where it was", () => {
	expect(asked(explanation())).toBeUndefined();
	const request = { kind: "scale", replicas: 1, actor: "anna", force: true };
	expect(asked(explanation({}, { request }))).toBe("scale asked for by anna: 1 replica, by force: bounds and budget do not hold; the rules were not asked");
});

test.each([
	["scales up to 2 when cpu rises above 70; now 32.5", "scales up to 2 when cpu rises above 70; then 32.5"],
	["stays at 2 when cpu is ok again and above 70; now missing", "stays at 2 when cpu is ok again and above 70; then missing"],
	["scales up to 2 when a rises above 7 (now -1) and b rises above 9 (now 2)", "scales up to 2 when a rises above 7 (then -1) and b rises above 9 (then 2)"],
	["in 24s: scales up to 2", "in 24s: scales up to 2"],
])("what was now is then, later: %s", (message, past) => {
	expect(told({ message }, false)).toBe(past);
	expect(told({ message }, true)).toBe(message);
});

test("the revision of then, and that of now", () => {
	const then = { revision: "abc", since: "2026-01-01T00:00:00Z", commit: "0123456789abcdef", now: "def" };
	expect(by(then)).toBe("by revision abc, at work since 2026-01-01T00:00:00Z, commit 0123456789ab; now it is revision def");
	expect(by({ revision: "abc", since: "2026-01-01T00:00:00Z" })).toContain("there is no such policy now");
});

test("each voice: who wins, who says the same, who has none", () => {
	const all: Voice[] = [
		{ strategy: "a", action: "hold", replicas: 2, wins: true },
		{ strategy: "b", action: "hold", replicas: 2 },
		{ strategy: "c", action: "scale_down", replicas: 1 },
		{ strategy: "d", action: "hold", replicas: 2, error: "div by zero" },
	];
	expect(all.map((v) => voice(v, all))).toEqual(["hold at 2 wins", "hold at 2 too", "scale_down to 1", "no usable answer, which is no vote for fewer"]);
});

test("lines that tell something: heads, what stopped a branch, what held in the one that holds but what is only computed", () => {
	const own = "flyball/strategy/threshold.rego";
	const all = [
		line("up", "fails", { head: true, file: own }),
		line("held before", "holds", { file: own }),
		line("stopped", "fails", { file: own }),
		line("else", "holds", { head: true, file: own }),
		line("n := 2", "holds", { file: own }),
		line("n > 1", "holds", { file: own }),
		line("n := 1 / 0", "breaks"),
	];
	expect(telling(all).map((l) => l.text)).toEqual(["up", "stopped", "else", "n > 1", "n := 1 / 0"]);
	expect(byFile(all).map((p) => [p.file, p.lines.length])).toEqual([[own, 6], ["own.rego", 1]]);
});

test("stages that spoke stand alone, the quiet ones between them together, none is left out", () => {
	const trace = explanation().record.decision.trace ?? [];
	expect(runs(trace).map((r) => [r.quiet, r.steps.map((s) => s.stage)])).toEqual([
		[true, ["enabled", "stopped"]],
		[false, ["cooldown"]],
		[true, ["budget"]],
	]);
	expect(runs([])).toEqual([]);
});

test("what the guard did in sum: nothing, a gate that settled it, or so many that spoke", () => {
	const trace = explanation().record.decision.trace ?? [];
	expect(guarded([stage("enabled"), stage("budget")])).toBe("nothing: the wish passed all 2 stages");
	expect(guarded([stage("enabled"), { ...stage("drift"), reason: "Drift" }])).toBe("drift settled it: later stages were not asked");
	expect(guarded(trace)).toBe("1 of 4 stages spoke");
});

test("a reading that is not ok says why, one that is says how old it is", () => {
	const reading = { status: "ok", value: 1, samples: 4, age_seconds: 1.03, reporting: 1 };
	const write = (s: number) => Math.round(s) + "s";
	expect(how({ metric: "m", reading }, write)).toEqual(["1s old", "4 samples"]);
	expect(how({ metric: "m", reading: { ...reading, detail: "no samples yet" } }, write)).toEqual(["no samples yet"]);
});

describe("what would change it, where nothing is told", () => {
	const alternative: Alternative = { kind: "time", action: "hold", to: 2, message: "m" };
	test("alternatives, or that it changed, say it themselves", () => {
		expect(unchanged(explanation({ alternatives: [alternative] }))).toBeUndefined();
		expect(unchanged(explanation({ changed: "made by another revision" }))).toBeUndefined();
	});
	test("rules without a usable answer", () => {
		expect(unchanged(explanation({ rulesError: "boom" }))).toContain("not known: the rules gave no usable answer");
	});
	test("what was tried depends on what it was", () => {
		expect(unchanged(explanation())).toContain("the time until tomorrow");
		expect(unchanged(explanation({}, { request: { kind: "scale", replicas: 3, actor: "anna" } }))).toContain("leaving out any stage");
	});
	test("waits without words have their stage and reason", () => {
		const once = [{ stage: "cooldown", reason: "CooldownActive", message: "", field: "cooldown.up", until: decided }];
		expect(waits({ ...alternative, once })).toEqual([{ text: "cooldown: CooldownActive is over", field: "cooldown.up", until: decided }]);
	});
});

describe("paths", () => {
	test("of the event, else of the number, else of the instant", () => {
		expect(permanent(explanation({ event, decision: 7 }))).toBe("/why/event/shop-1");
		expect(permanent(explanation({ decision: 7 }))).toBe("/why/decision/7");
		expect(permanent(explanation())).toBe("/why/at/2026-01-01T08%3A00%3A00.857441921Z?service=shop");
	});
	test("the one before lies before, though browsers know milliseconds only", () => {
		expect(before(explanation())).toContain("08%3A00%3A00.856Z");
	});
	test("foreign names stay in their place", () => {
		expect(newest("a/b")).toBe("/why/now/a%2Fb");
		expect(at("t", "a/b?&c")).toBe("/why/at/t?service=a%2Fb%3F%26c");
	});
	test("the event of a decision is called by its instant; a hold has none", () => {
		expect(eventId(explanation())).toBeUndefined();
		const d = { ...explanation().record.decision, action: "scale_up" };
		expect(eventId(explanation({}, { decision: d }))).toBe("shop-1767254400857");
	});
});

test("as text it has all of the story, in the words of the command", () => {
	const e = explanation({
		decision: 7,
		count: 3,
		last: "2026-01-01T08:00:04Z",
		event,
		metrics: [{ metric: "cpu_usage", bounds: ["up above 70", "down below 25"], reading: { status: "ok", value: 85, samples: 4, age_seconds: 1, reporting: 2 } }],
		rules: [line("recommendation := 1", "holds", { head: true }), line("n > 1", "holds", { line: 12, values: "2 > 1" })],
		alternatives: [{ kind: "metric", action: "hold", to: 2, message: "stays at 2 when cpu_usage falls to 70" }],
	});
	expect(words(e, "https://flyball.example/why/decision/7")).toBe(`shop: web hold, 2 → 2: CooldownActive
  3m left
  decided at 2026-01-01T08:00:00Z, and 2 more times up to 2026-01-01T08:00:04Z (decision 7)
  by revision ccb75397cf0b

What was seen: 2 replicas, 1 ready
  cpu_usage  85  up above 70, down below 25; 1s old; 4 samples

What the rules said: scale_up to 3, confidence 0.73, priority high
  ScaleUpCrossed  cpu_usage is 85,; above scaleUp 70
  own.rego
      1 ✓ recommendation := 1
     12 ✓   n > 1   # 2 > 1

What the guard did:
  cooldown  3 → 2  CooldownActive: 3m left

What was done: event shop-1: partial after 1m 30s, at 2
  one did not start
  | panic: no
  | exit 1

What would change this:
  - stays at 2 when cpu_usage falls to 70

https://flyball.example/why/decision/7
`);
});
