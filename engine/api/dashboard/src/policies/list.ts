// Which policies are listed.
import type { Policy } from "../shapes";

export const kinds = ["all", "from files", "by API", "disabled", "with warnings", "left out"] as const;
export type Kind = (typeof kinds)[number];

// chosen are the policies of a kind that a text is found in: in the name, the service or the place of each, word for word.
export function chosen(all: Policy[], text: string, kind: Kind): Policy[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	return all.filter((p) => {
		const within = `${p.name} ${p.service} ${p.about.place ?? "api"} ${p.about.revision ?? ""}`.toLowerCase();
		return of(p, kind) && words.every((w) => within.includes(w));
	});
}

function of(p: Policy, kind: Kind): boolean {
	switch (kind) {
		case "all":
			return true;
		case "from files":
			return p.about.source === "file";
		case "by API":
			return p.about.source === "api";
		case "disabled":
			return !p.about.enabled;
		case "with warnings":
			return (p.about.warnings ?? []).length > 0;
		case "left out":
			return p.about.leftOut !== undefined;
	}
}

// briefPlace is the end of a path: the file, its folder and the line, which is what one tells files apart by.
export function briefPlace(place: string): string {
	const parts = place.split("/");
	return parts.length > 3 ? "…/" + parts.slice(-2).join("/") : place;
}

// beginning is what a new policy begins as: off, so that it changes nothing yet.
export const beginning = `{
  "name": "web",
  "service": "web",
  "enabled": false,
  "minReplicas": 1,
  "maxReplicas": 5,
  "metrics": [
    {"name": "cpu_usage", "type": "cpu", "source": "system", "window": "1m"}
  ],
  "thresholds": [
    {"metric": "cpu_usage", "scaleUp": 70, "scaleDown": 25}
  ],
  "evaluationInterval": "30s",
  "cooldownPeriod": "5m"
}
`;
