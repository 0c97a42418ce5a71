// Tone is what a colour stands for. The words say the same: nobody needs to see the colour.
export type Tone = "calm" | "good" | "busy" | "warn" | "bad" | "off";

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

// toneOfEnding is the colour of how an event ended.
export function toneOfEnding(ending: string): Tone {
	switch (ending) {
		case "succeeded":
			return "good";
		case "open":
			return "busy";
		case "seen":
		case "shadow":
			return "calm";
		case "failed":
		case "rolled_back":
			return "bad";
	}
	return "warn";
}
