import { length, when, whole } from "../format";
import type { Pause } from "../shapes";
import { now } from "../state";
import { Foreign, Name } from "./text";

// Paused says who paused, why, and until when.
export function Paused({ pause, counts = false }: { pause: Pause; counts?: boolean }) {
	const until = pause.until ? Date.parse(pause.until) : NaN;
	return (
		<>
			{pause.service ? "Paused" : "All services are paused"} by <Name text={pause.actor} />{" "}
			{Number.isNaN(until) ? (
				"until somebody resumes"
			) : (
				<>
					until{" "}
					<time dateTime={pause.until} title={whole(until)}>
						{when(until, now.value)}
					</time>
					{counts && ` (${length((until - now.value) / 1000)} left)`}
				</>
			)}
			: <Foreign text={pause.reason} />
		</>
	);
}
