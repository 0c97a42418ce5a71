// What the pages of policies share.
import { useEffect, useRef } from "preact/hooks";
import { entries } from "../state";

// useChanges calls again whenever the stream tells that a policy came, went or was changed.
export function useChanges(again: () => void): void {
	const last = entries.value.find((e) => e.kind === "policy")?.number;
	const first = useRef(true);
	useEffect(() => {
		if (!first.current) again();
		first.current = false;
	}, [last]);
}
