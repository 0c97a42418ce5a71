// What one chose to see, kept in the query of the URL.
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { queryOf, viewOf, type View } from "./list";

const rest = 250; // milliseconds without a key: browsers count how often a page changes its address

// useView follows the URL, as it changes by a link or by going back, and changes it.
export function useView(): [View, (v: View) => void] {
	const { query, route } = useLocation();
	const [view, set] = useState(() => viewOf(query));
	const written = useRef(queryOf(view));
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	useEffect(() => {
		const asked = viewOf(query);
		if (queryOf(asked) === written.current) return;
		clearTimeout(timer.current);
		written.current = queryOf(asked);
		set(asked);
	}, [query]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const choose = (v: View) => {
		set(v);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => {
			written.current = queryOf(v);
			route("/" + written.current, true);
		}, rest);
	};
	return [view, choose];
}
