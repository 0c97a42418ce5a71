import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

// useSlash gives the focus to the first field of what it is told when a slash is typed, wherever one is but in another field or
// a dialog.
export function useSlash(within: RefObject<HTMLElement | null>): void {
	useEffect(() => {
		const press = (e: KeyboardEvent) => {
			if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
			if (e.target instanceof HTMLElement && e.target.closest("input, textarea, select")) return;
			const field = within.current instanceof HTMLInputElement ? within.current : within.current?.querySelector("input");
			if (!field) return;
			e.preventDefault();
			field.focus();
			field.select();
		};
		addEventListener("keydown", press);
		return () => removeEventListener("keydown", press);
	}, []);
}
