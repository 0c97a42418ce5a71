// Dark or light: as the system has it, unless one chose.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const key = "flyball-theme";

function kept(): Theme {
	try {
		const t = localStorage.getItem(key);
		return t === "light" || t === "dark" ? t : "system";
	} catch {
		return "system"; // a browser that keeps nothing
	}
}

export const theme = signal<Theme>(kept());

const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", (e) => (systemDark.value = e.matches));

// dark says what is shown; plots are drawn anew when it changes.
export const dark = signal(false);

effect(() => {
	dark.value = theme.value === "dark" || (theme.value === "system" && systemDark.value);
	document.documentElement.dataset.theme = dark.value ? "dark" : "light";
	try {
		if (theme.value === "system") localStorage.removeItem(key);
		else localStorage.setItem(key, theme.value);
	} catch {
		// it holds for this page
	}
});

// colour reads one of the style's colours, for a canvas.
export function colour(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
