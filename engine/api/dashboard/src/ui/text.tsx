// What others wrote, and times.
import { useState } from "preact/hooks";
import { ago, visible, when, whole } from "../format";
import { minute, now } from "../state";

export { visible };

const short = 200;

// Foreign shows a text that somebody else wrote: as text, apart from what stands around it, and no longer than one can read.
export function Foreign({ text, most = short }: { text: string; most?: number }) {
	const [all, setAll] = useState(false);
	const safe = visible(text);
	if (safe.length <= most) return <bdi>{safe}</bdi>;
	return (
		<>
			<bdi>{all ? safe : safe.slice(0, most) + "…"}</bdi>{" "}
			<button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
				{all ? "less" : `all ${text.length} characters`}
			</button>
		</>
	);
}

// Name shows a name on one line; what does not fit is in its title.
export function Name({ text }: { text: string }) {
	const safe = visible(text);
	return (
		<bdi class="name" title={safe.slice(0, 500)}>
			{safe.slice(0, 160)}
		</bdi>
	);
}

// Time shows when something was; hovering shows all of it.
export function Time({ at, relative = false }: { at: string | null | undefined; relative?: boolean }) {
	const t = at ? Date.parse(at) : NaN;
	if (Number.isNaN(t)) return <span class="muted">never</span>;
	return (
		<time dateTime={at ?? ""} title={whole(t)}>
			{relative ? ago(t, now.value) : when(t, minute.value)}
		</time>
	);
}
