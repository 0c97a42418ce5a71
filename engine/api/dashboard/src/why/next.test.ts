import { expect, test } from "vitest";
import type { Explanation } from "../shapes";
import { following } from "./next";

type Row = Parameters<typeof following>[0][number];

const row = (id: number, policy: string) => ({ id, record: { policy } }) as Row;

test("the next of the same policy, not of another, and not itself", () => {
	const e = { decision: 7, record: { policy: "web" } } as Explanation;
	expect(following([row(7, "web"), row(8, "shop"), row(9, "web"), row(10, "web")], e)?.id).toBe(9);
	expect(following([row(7, "web"), row(8, "shop")], e)).toBeUndefined();
});
