import { expect, test } from "vitest";
import type { Figures } from "../shapes";
import { compared, summary } from "./figures";

const figures = (f: Partial<Figures> = {}): Figures => ({
	violationSeconds: 100,
	replicaHours: 40,
	under: 2,
	over: 20,
	timeUnder: 3,
	timeOver: 60,
	unstable: 5,
	changes: 8,
	flapsPerHour: 0.5,
	meanReplicas: 3,
	mostReplicas: 5,
	decisions: 90,
	...f,
});

const row = (next: Partial<Figures>, name: string) => compared(figures(next), figures()).find((r) => r.name === name);

test("less is better, and what is written alike is the same", () => {
	expect(row({ violationSeconds: 40 }, "Requests waited")).toMatchObject({ old: "1m 40s", new: "40s", change: "−1m", share: "60 %", verdict: "better" });
	expect(row({ over: 25 }, "Too many, by")).toMatchObject({ term: "θO", old: "20.0 %", new: "25.0 %", change: "+5.0 points", share: "25 %", verdict: "worse" });
	expect(row({ replicaHours: 40.01 }, "Replica-hours")).toMatchObject({ old: "40.0 h", new: "40.0 h", verdict: "same" });
	expect(row({ replicaHours: 40.01 }, "Replica-hours")?.change).toBeUndefined();
});

test("more replicas are neither better nor worse by themselves", () => {
	expect(row({ mostReplicas: 9 }, "Replicas at most")).toMatchObject({ old: "5", new: "9", change: "+4", share: "80 %", verdict: "" });
	expect(row({}, "Replicas at most")?.verdict).toBe("");
});

test("of nothing there is no share", () => {
	const rows = compared(figures(), figures({ violationSeconds: 0, changes: 0 }));
	expect(rows.find((r) => r.name === "Requests waited")).toMatchObject({ old: "0s", change: "+1m 40s", verdict: "worse" });
	expect(rows[0]?.share).toBeUndefined();
});

test("a little is not nothing", () => {
	expect(row({ under: 0.01 }, "Too few, by")?.new).toBe("< 0.1 %");
	expect(row({ under: 0 }, "Too few, by")?.new).toBe("0.0 %");
});

test("without an old policy nothing is compared", () => {
	for (const r of compared(figures(), undefined)) {
		expect(r.verdict).toBe("");
		expect(r.old).toBeUndefined();
	}
	expect(summary(figures(), undefined).text).toContain("1m 40s");
});

test.each([
	["both better", { violationSeconds: 40, replicaHours: 30 }, "better", "wait 1m less, for 10.0 h of replicas fewer"],
	["both worse", { violationSeconds: 160, replicaHours: 50 }, "worse", "wait 1m longer, for 10.0 h of replicas more"],
	["bought", { violationSeconds: 40, replicaHours: 50 }, "", "wait 1m less, for 10.0 h of replicas more"],
	["saved at no cost", { replicaHours: 30 }, "better", "wait as long as before, for 10.0 h of replicas fewer"],
	["nothing", {}, "same", "as long as before, for as many"],
] as const)("%s", (_, next, verdict, text) => {
	const said = summary(figures(next), figures());
	expect(said.verdict).toBe(verdict);
	expect(said.text).toContain(text);
});
