import { expect, test } from "vitest";
import type { Tried } from "../shapes";
import { asked, constantsIn, differing, drawn, withPolicy } from "./trial";

const settings = { last: "6h", metric: "", capacity: "", constants: "" } as const;

test("the policy is asked about as it was written", () => {
	const text = '\n {"name": "web",\n "maxReplicas": 1e0}\n';
	const ask = asked(text, { ...settings, metric: " rate ", capacity: "600", constants: "memory=50" });
	if (typeof ask === "string") throw new Error(ask);
	expect(ask.body).toContain('"policy": {"name": "web",\n "maxReplicas": 1e0}\n}');
	expect(JSON.parse(ask.body)).toEqual({ last: "6h", metric: "rate", capacity: 600, constants: { memory: 50 }, policy: { name: "web", maxReplicas: 1 } });
	const bare = asked("{}", settings);
	expect(bare).toEqual({ body: '{"last": "6h", "policy": {}}' });
	expect(JSON.parse(withPolicy("{}", { name: undefined }))).toEqual({ policy: {} });
});

test.each(["0", "-1", "many", "1e999x"])("a capacity of %s is refused", (capacity) => {
	expect(asked("{}", { ...settings, capacity })).toContain("allowed is a number of requests");
});

test("constants", () => {
	expect(constantsIn("")).toEqual({});
	expect(constantsIn(" memory = 50, errors=0.1,\nlag=-3 ")).toEqual({ memory: 50, errors: 0.1, lag: -3 });
	for (const wrong of ["memory", "memory=", "=5", "a=b", "a=1=2", "a=Infinity"]) expect(typeof constantsIn(wrong), wrong).toBe("string");
});

const at = (s: number) => new Date(s * 1000).toISOString();
const figures = { changes: 0, decisions: 0, flapsPerHour: 0, meanReplicas: 0, mostReplicas: 0, over: 0, replicaHours: 0, timeOver: 0, timeUnder: 0, under: 0, unstable: 0, violationSeconds: 0 };
const held = { action: "hold", reason: "MaxReplicas", from: 4, to: 4, message: "m" } as const;
const tried: Tried = {
	trace: { metric: "rate", from: at(1000), to: at(1120), rows: 2, unit: "rpm", capacity: 600, startDelaySeconds: 30 },
	step: 60,
	need: [3, 5],
	old: { figures, replicas: [3, 4], low: [3, 3] },
	new: { figures, replicas: [3], low: [3] },
	decisions: {
		total: 90,
		differ: 2,
		differInReplicas: 1,
		stretches: 2,
		groups: [],
		first: [{ from: at(1000), to: at(1001), count: 1, old: held, new: held }],
	},
	notes: [],
};

const near = (times: number[], values: (number | null | undefined)[] | undefined, time: number) => values?.[times.indexOf(time)];

test("old and new lie on one axis, and the last value holds for its step", () => {
	const d = drawn(tried);
	expect([d.times[0], d.times.at(-1), d.to]).toEqual([1000, 1120, 1120]);
	expect(d.times.every((t, i) => i === 0 || t > (d.times[i - 1] ?? t))).toBe(true);
	for (const [name, first, second] of [["needed", 3, 5], ["old", 3, 4], ["new", 3, 3]] as const) {
		const line = d.lines.find((l) => l.name === name);
		expect(line?.values.length).toBe(d.times.length);
		expect([1000, 1059.8, 1060, 1120].map((t) => near(d.times.map((x) => Math.round(x * 10) / 10), line?.values, t))).toEqual([first, first, second, second]);
	}
	expect(d.lines[1]?.band?.low.at(-1)).toBe(3);
	expect(d.lines[2]?.band).toBeUndefined(); // it holds all through each step
	expect(d.lines[0]?.band?.low.every((v) => v === 0)).toBe(true);
	expect(d.marks).toEqual([{ kind: "band", from: 1000, to: 1060, colour: "band", name: "the decisions differ" }]);
});

test("a new policy stands alone", () => {
	const { old: _, decisions: __, ...alone } = tried;
	const d = drawn(alone);
	expect(d.lines.map((l) => l.name)).toEqual(["needed", "new"]);
	expect(d.marks).toEqual([]);
	expect(drawn({ ...alone, need: [], new: { figures, replicas: [], low: [] } }).lines[0]?.values).toEqual([null]);
});

test("how many decisions differ", () => {
	const d = tried.decisions!;
	expect(differing(d)).toBe("2 of 90 decisions differ in 2 stretches, 1 of them in the number of replicas; the first 1 of these are listed.");
	expect(differing({ ...d, differ: 0 })).toBe("None of 90 decisions differs.");
	expect(differing({ ...d, stretches: 1 })).toContain("in 1 stretch, 1 of them in the number of replicas.");
});
