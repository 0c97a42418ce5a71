// What one has to know about all that is shown.
import type { ComponentChildren } from "preact";
import { PauseAll, ResumeAll } from "./all";
import { length } from "./format";
import { link, lostSince, missed, now, status } from "./state";
import { Paused } from "./ui/paused";
import { Foreign, Time } from "./ui/text";

export function Banners() {
	const s = status.value;
	const problem = s?.daemon?.problem?.split("\n", 1)[0];
	return (
		<>
			<Lost />
			{missed.value && (
				<Banner>
					{missed.value}{" "}
					<button type="button" class="link" onClick={() => (missed.value = undefined)}>
						close
					</button>
				</Banner>
			)}
			{s?.daemon?.store && (
				<Banner bad>
					The store can't be read: <Foreign text={s.daemon.store} />
				</Banner>
			)}
			{problem && (
				<Banner>
					The policies on disk are not the ones at work: <Foreign text={problem} /> <a href="/policies">Policies</a>
				</Banner>
			)}
			{s?.daemon?.dryRun && <Banner>A dry run: policies decide as if autoscaling were on, and nothing is touched.</Banner>}
			{s && !s.enabled && !s.daemon?.dryRun && (
				<Banner>
					Autoscaling is off
					{s.switched && (
						<>
							, set by <Foreign text={s.switched.actor} /> at <Time at={s.switched.at} />
						</>
					)}
					. Policies are evaluated, and nothing is scaled.
				</Banner>
			)}
			{s?.pause && (
				<Banner>
					<Paused pause={s.pause} counts /> <PauseAll link>Change…</PauseAll> <ResumeAll link>Resume…</ResumeAll>
				</Banner>
			)}
		</>
	);
}

function Banner({ bad = false, children }: { bad?: boolean; children: ComponentChildren }) {
	return (
		<div class={bad ? "banner bad" : "banner warn"} role={bad ? "alert" : "status"}>
			{children}
		</div>
	);
}

// Lost says it once to who listens, and counts for who looks.
function Lost() {
	if (link.value !== "lost" || lostSince.value === undefined) return null;
	return (
		<Banner bad>
			The daemon has not been heard<span aria-hidden="true"> for {length((now.value - lostSince.value) / 1000)}</span>. What is shown is how it was before; flyball tries again by
			itself.
		</Banner>
	);
}
