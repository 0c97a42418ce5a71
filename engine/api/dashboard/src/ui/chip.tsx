import type { ComponentChildren } from "preact";
import type { Tone } from "./tone";

export function Chip({ tone = "calm", title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) {
	return (
		<span class={`chip ${tone}`} title={title}>
			{children}
		</span>
	);
}
