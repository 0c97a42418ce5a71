// Try a draft on what was recorded of the load, beside the policy that is at work.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, at, Refused } from "../api";
import { daemonTime } from "../clock";
import { length } from "../format";
import type { Tried } from "../shapes";
import { now } from "../state";
import { Failed } from "../ui/notice";
import { wrongIn } from "./json";
import { ranges, asked, type Settings } from "./trial";
import { Trial } from "./outcome";

interface Props {
	name: string; // "": as the draft says
	text: string;
	wrong: boolean; // as far as is known
	onRefused: (e: unknown) => void; // for what is wrong with the text
}

const usual: Settings = { last: "24h", metric: "", capacity: "", constants: "" };

export function Try({ name, text, wrong, onRefused }: Props) {
	const [settings, set] = useState(usual);
	const [busy, setBusy] = useState<{ since: number; stop: AbortController }>();
	const [error, setError] = useState<unknown>();
	const [told, setTold] = useState<{ of: string; last: string; tried: Tried }>();
	const out = useRef<HTMLDivElement>(null);
	useEffect(() => () => busy?.stop.abort(), [busy]);

	const run = async (e: Event) => {
		e.preventDefault();
		if (wrongIn(text)) return; // which is told where it stands, in a moment
		const question = asked(text, settings);
		if (typeof question === "string") {
			setError(new Refused(400, question));
			return;
		}
		const stop = new AbortController();
		setBusy({ since: daemonTime(), stop });
		setError(undefined);
		try {
			const tried = await ask<Tried>(at(["policies", name || nameIn(text), "try"]), { method: "POST", body: question.body, signal: stop.signal });
			setTold({ of: text, last: settings.last, tried });
			out.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
		} catch (why) {
			if (!stop.signal.aborted) {
				setError(why);
				onRefused(why);
			}
		}
		setBusy(undefined);
	};
	const change = (key: keyof Settings) => (e: { currentTarget: HTMLInputElement }) => set({ ...settings, [key]: e.currentTarget.value });

	return (
		<section class="trial" aria-labelledby="try-title">
			<form class="asks" onSubmit={(e) => void run(e)}>
				<div class="toolbar">
					<h3 id="try-title">Try it on the last</h3>
					<div class="choice" role="group" aria-label="How long back">
						{ranges.map((r) => (
							<button type="button" aria-pressed={settings.last === r} onClick={() => set({ ...settings, last: r })}>
								{r}
							</button>
						))}
					</div>
					{busy ? (
						<>
							<button type="button" onClick={() => busy.stop.abort()}>
								Stop
							</button>
							<span class="muted" role="status">
								<span class="spinner small" aria-hidden="true" /> Trying, for {length((Math.max(now.value, busy.since) - busy.since) / 1000)}
							</span>
						</>
					) : (
						<button type="submit" class="primary" disabled={wrong}>
							Try
						</button>
					)}
					{wrong && !busy && <span class="muted">once it is valid</span>}
				</div>
				<details>
					<summary>What it is tried on</summary>
					<div class="fields">
						<label>
							Load
							<input value={settings.metric} onInput={change("metric")} placeholder="the requests, else the CPU" spellcheck={false} />
						</label>
						<label>
							A replica can do, in requests a minute
							<input value={settings.capacity} onInput={change("capacity")} inputMode="decimal" placeholder="as was recorded" />
						</label>
						<label>
							Other metrics read all the while
							<input value={settings.constants} onInput={change("constants")} placeholder="memory = 50, errors = 0.1" spellcheck={false} />
						</label>
					</div>
				</details>
			</form>
			{error !== undefined && <Untried error={error} />}
			<div ref={out}>
				{told && (
					<>
						{told.of !== text && <p class="warn">The draft has been changed since. This is what came of it before.</p>}
						<Trial tried={told.tried} last={told.last} />
					</>
				)}
			</div>
		</section>
	);
}

// nameIn is what a policy calls itself.
function nameIn(text: string): string {
	const says = JSON.parse(text) as { name?: unknown };
	return typeof says.name === "string" && says.name ? says.name : "new";
}

// Untried says why nothing came of it, where the text is not what is wrong.
function Untried({ error }: { error: unknown }) {
	if (error instanceof Refused && error.status === 429)
		return (
			<p class="warn" role="alert">
				Somebody else tries a policy at the moment: {error.detail}. {error.wait > 0 && `Try again in ${error.wait} s.`}
			</p>
		);
	if (error instanceof Refused && error.faults.some((f) => f.location.startsWith("body.policy")))
		return (
			<p class="bad" role="alert">
				{error.detail}
			</p>
		);
	if (error instanceof Refused && error.status === 409)
		return (
			<div class="notice" role="alert">
				<strong>It can't be tried now.</strong>
				<span class="as-lines">{error.detail}</span>
			</div>
		);
	return <Failed error={error} />;
}
