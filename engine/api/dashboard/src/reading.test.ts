import { expect, test } from "vitest";
import { gathering, troubled } from "./reading";

test.each([
	["missing", "0 of 3 samples since the replicas changed", "0/3"],
	["missing", "1 of 3 samples since a replica started", "1/3"],
	["missing", "2 of 3 samples after the warm-up of 30s", "2/3"],
	["missing", "0 of 3 samples in the last 30s", undefined],
	["missing", "prometheus: connection refused", undefined],
	["missing", undefined, undefined],
	["stale", "0 of 3 samples since the replicas changed", undefined],
] as const)("%s: %s", (status, detail, want) => {
	expect(gathering({ status, detail })).toBe(want);
	expect(troubled({ status, detail })).toBe(want === undefined);
});

test("a value is no trouble", () => expect(troubled({ status: "ok" })).toBe(false));
