// How many replicas there are, between how few and how many there may be.
import type { PolicyStatus } from "../shapes";

export function Bar({ p }: { p: PolicyStatus }) {
	const { currentReplicas: is, readyReplicas: ready, minReplicas: min = 0, maxReplicas: max } = p;
	const known = p.lastEvaluation !== undefined; // a policy that was never evaluated has counted none
	const end = Math.max(max ?? 0, is, 1);
	const part = (n: number) => (Math.max(0, n) / end) * 100 + "%";
	const range = max === undefined ? "" : min === max ? `always ${min}` : `${min} to ${max}`;
	return (
		<>
			<span class="oneline">
				<b class="figure">{known ? is : "–"}</b> {ready < is && <span class="warn">{ready} ready</span>} <span class="muted range">{range}</span>
			</span>
			<div class="gauge" role="img" aria-label={`${known ? `${is} replicas, ${ready} of them ready` : "replicas not known"}; allowed: ${range || "not known"}`}>
				<div class="allowed" style={{ left: part(min), width: part((max ?? end) - min) }} />
				<div class="is" style={{ width: part(is) }} />
				<div class="ready" style={{ width: part(Math.min(ready, is)) }} />
				{min > 0 && min < end && <div class="mark" style={{ left: part(min) }} />}
				{max !== undefined && max < end && <div class="mark" style={{ left: part(max) }} />}
			</div>
		</>
	);
}
