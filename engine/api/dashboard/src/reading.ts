// What a reading without a value means.
import type { Reading } from "./shapes";

// gathering says how far a window has filled since the replicas changed: "1/3". That is no trouble, and ends by itself.
// undefined: there is a value, or it is really missing.
export function gathering(r: Pick<Reading, "status" | "detail">): string | undefined {
	if (r.status !== "missing") return undefined;
	const found = /^(\d+) of (\d+) samples (since the replicas changed|since a replica started|after the warm-up)/.exec(r.detail ?? "");
	return found ? `${found[1]}/${found[2]}` : undefined;
}

// troubled says that a reading is not as it should be.
export function troubled(r: Pick<Reading, "status" | "detail">): boolean {
	return r.status !== "ok" && gathering(r) === undefined;
}
