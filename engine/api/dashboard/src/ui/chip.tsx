import type { ComponentChildren } from "preact";

// Tone is what a colour stands for. The words say the same: nobody needs to see the colour.
export type Tone = "calm" | "good" | "busy" | "warn" | "bad" | "off";

export function Chip({ tone = "calm", title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) {
	return (
		<span class={`chip ${tone}`} title={title}>
			{children}
		</span>
	);
}

// toneOf is the colour of a state of a policy.
export function toneOf(state: string): Tone {
	switch (state) {
		case "active":
			return "good";
		case "scaling":
			return "busy";
		case "cooling":
		case "shadow":
			return "calm";
		case "paused":
		case "blocked":
			return "warn";
		case "failing":
			return "bad";
	}
	return "off";
}

// toneOfResult is the colour of how an event ended.
export function toneOfResult(result: string | undefined): Tone {
	switch (result) {
		case "succeeded":
			return "good";
		case undefined:
		case "":
			return "busy";
		case "seen":
			return "calm";
		case "failed":
		case "rolled_back":
			return "bad";
	}
	return "warn";
}
