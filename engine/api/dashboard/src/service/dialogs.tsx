// What one can have done to a service, each asked for once more.
import { useState } from "preact/hooks";
import { change } from "../format";
import type { PolicyStatus } from "../shapes";
import { may, me, status } from "../state";
import { Dialog } from "../ui/dialog";
import { Pausing } from "../ui/pausing";
import { Name } from "../ui/text";
import { bounded, pause, resume, rollback, scale, type Said } from "./actions";

interface Props {
	service: string;
	policies: PolicyStatus[];
	say: (said: string | Said) => void;
}

interface Asked extends Props {
	close: () => void;
}

type Deed = "pause" | "resume" | "scale" | "rollback";

export function Actions(props: Props) {
	const [deed, setDeed] = useState<Deed | undefined>();
	const asked = { ...props, close: () => setDeed(undefined) };
	const live = props.policies.find((p) => p.mode === "live");
	const paused = props.policies.some((p) => p.pause);
	return (
		<div class="buttons" role="group" aria-label="Actions">
			{may("pause") && (
				<button type="button" onClick={() => setDeed("pause")}>
					{paused ? "Change the pause…" : "Pause…"}
				</button>
			)}
			{may("pause") && paused && (
				<button type="button" onClick={() => setDeed("resume")}>
					Resume…
				</button>
			)}
			{may("scale") && live && (
				<>
					<button type="button" onClick={() => setDeed("scale")}>
						Scale…
					</button>
					<button type="button" onClick={() => setDeed("rollback")}>
						Roll back…
					</button>
				</>
			)}
			{deed === "pause" && <PauseIt {...asked} />}
			{deed === "resume" && <ResumeIt {...asked} />}
			{deed === "scale" && live && <ScaleIt {...asked} live={live} />}
			{deed === "rollback" && live && <RollBack {...asked} live={live} />}
		</div>
	);
}

function PauseIt({ service, policies, say, close }: Asked) {
	return (
		<Pausing
			title={`Pause ${service}?`}
			of={<Name text={service} />}
			before={policies.find((p) => p.pause)?.pause}
			onPause={async (seconds, why) => say(await pause(service, seconds, why))}
			onClose={close}
		/>
	);
}

function ResumeIt({ service, say, close }: Asked) {
	return (
		<Dialog title={`Resume ${service}?`} confirm="Resume" onConfirm={async () => say(await resume(service))} onClose={close}>
			<p>
				Its pause ends, and from the next evaluation on its policies decide again.
				{status.value?.pause && " All services are paused as well: that pause holds on."}
			</p>
		</Dialog>
	);
}

function ScaleIt({ service, live, say, close }: Asked & { live: PolicyStatus }) {
	const [replicas, setReplicas] = useState(live.currentReplicas);
	const [force, setForce] = useState(false);
	const fleet = status.value?.fleet;
	const { to, why } = force ? { to: replicas, why: undefined } : bounded(replicas, live.minReplicas, live.maxReplicas);
	return (
		<Dialog
			title={`Scale ${service}?`}
			confirm={to === live.currentReplicas ? "Scale" : `Scale ${change(live.currentReplicas, to)}`}
			grave={force || to < live.currentReplicas}
			onConfirm={async () => say(await scale(service, replicas, force))}
			onClose={close}
		>
			<label>
				Replicas
				<input type="number" class="count" min={1} max={force ? undefined : 10000} step={1} required autofocus value={replicas} onInput={(e) => setReplicas(e.currentTarget.valueAsNumber || 0)} />
			</label>
			<p>
				<strong class="warn" role="status">
					{why}
				</strong>{" "}
				{force
					? "The bounds of the policy and the budget do not hold. A change under way still does."
					: `The bounds of the policy apply (${live.minReplicas ?? 0} to ${live.maxReplicas ?? 0})${budget(fleet?.replicas, fleet?.maxTotalReplicas)}. Cooldowns do not hold it back.`}{" "}
				Afterwards both cooldowns run; then the rules decide again.
			</p>
			{me.value?.role === "admin" && (
				<label class="row">
					<input type="checkbox" checked={force} onChange={(e) => setForce(e.currentTarget.checked)} /> Beyond the bounds and the budget
				</label>
			)}
		</Dialog>
	);
}

function budget(now: number | undefined, most: number | undefined): string {
	if (!most) return ", and so does the budget";
	return `, and so does the budget: ${now ?? 0} of ${most} replicas are there of all services`;
}

function RollBack({ service, live, say, close }: Asked & { live: PolicyStatus }) {
	const last = live.lastEvent;
	return (
		<Dialog title={`Roll ${service} back?`} confirm="Roll back" grave onConfirm={async () => say(await rollback(service))} onClose={close}>
			<p>
				The service goes back to the replicas it had before its last change{last && `, which was ${change(last.from, last.to)}`}. Bounds, budget and a change under way hold; cooldowns
				do not. Afterwards both cooldowns run; then the rules decide again.
			</p>
		</Dialog>
	);
}
