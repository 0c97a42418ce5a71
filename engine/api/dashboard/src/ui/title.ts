import { useEffect } from "preact/hooks";

// useTitle says in the browser's tab what one looks at, for as long as one does.
export function useTitle(of: string): void {
	useEffect(() => {
		document.title = `${of.slice(0, 160)} · flyball`;
		return () => void (document.title = "flyball");
	}, [of]);
}
