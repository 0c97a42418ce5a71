// Asking for a pause: for how long, and why.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { length } from "../format";
import type { Pause } from "../shapes";
import { Dialog } from "./dialog";
import { Foreign, Name } from "./text";

interface Props {
	title: string;
	of: ComponentChildren; // what is paused, as a sentence names it
	before: Pause | undefined; // which it takes the place of
	onPause: (seconds: number, reason: string) => Promise<void>; // 0 seconds: until somebody resumes
	onClose: () => void;
	children?: ComponentChildren;
}

const lengths = [["15m", 15], ["1h", 60], ["4h", 240]] as const;

export function Pausing({ title, of, before, onPause, onClose, children }: Props) {
	const [minutes, setMinutes] = useState(60);
	const [forever, setForever] = useState(false);
	const [why, setWhy] = useState("");
	return (
		<Dialog title={title} confirm="Pause" onConfirm={() => onPause(forever ? 0 : minutes * 60, why)} onClose={onClose}>
			<p>
				Nothing new is begun for {of} {forever ? "until somebody resumes" : `for ${length(minutes * 60)}`}, whatever the load. A change under way is finished; metrics are read and
				decisions are recorded as before.
			</p>
			{children}
			<fieldset>
				<legend>For how long</legend>
				<div class="toolbar">
					{lengths.map(([name, n]) => (
						<button type="button" aria-pressed={!forever && minutes === n} onClick={() => (setMinutes(n), setForever(false))}>
							{name}
						</button>
					))}
					<button type="button" aria-pressed={forever} onClick={() => setForever(true)}>
						until resumed
					</button>
				</div>
				{!forever && (
					<label class="row">
						<input type="number" class="count" min={1} max={525600} step={1} required value={minutes} onInput={(e) => setMinutes(e.currentTarget.valueAsNumber || 0)} /> minutes
					</label>
				)}
			</fieldset>
			<label>
				Reason
				<input required maxLength={500} value={why} onInput={(e) => setWhy(e.currentTarget.value)} placeholder="for whoever finds it paused" autofocus />
			</label>
			{before && (
				<p class="muted">
					It takes the place of the pause by <Name text={before.actor} />: <Foreign text={before.reason} most={100} />
				</p>
			)}
		</Dialog>
	);
}
