// Pausing all services at once, and resuming them.
import { useState } from "preact/hooks";
import { pauseAll, resumeAll } from "./session";
import { may, status } from "./state";
import { Dialog } from "./ui/dialog";
import { Pausing } from "./ui/pausing";

// PauseAll is a button for it. Where all are paused, it gives that pause another end and reason.
export function PauseAll({ link = false, children }: { link?: boolean; children: string }) {
	const [asked, setAsked] = useState(false);
	const s = status.value;
	if (!s || !may("pause")) return null;
	return (
		<>
			<button type="button" class={link ? "link" : undefined} onClick={() => setAsked(true)}>
				{children}
			</button>
			{asked && (
				<Pausing title="Pause all services?" of="any service" before={s.pause} onPause={pauseAll} onClose={() => setAsked(false)}>
					<p>Services that are paused by themselves stay so when this pause ends.</p>
				</Pausing>
			)}
		</>
	);
}

export function ResumeAll({ link = false, children }: { link?: boolean; children: string }) {
	const [asked, setAsked] = useState(false);
	if (!may("pause")) return null;
	return (
		<>
			<button type="button" class={link ? "link" : undefined} onClick={() => setAsked(true)}>
				{children}
			</button>
			{asked && (
				<Dialog title="Resume all services?" confirm="Resume" onConfirm={resumeAll} onClose={() => setAsked(false)}>
					<p>From their next evaluation on, policies decide again. Services that are paused by themselves stay so.</p>
				</Dialog>
			)}
		</>
	);
}
