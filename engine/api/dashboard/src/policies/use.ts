// What the pages of policies share.
import { useEffect, useRef } from "preact/hooks";
import { entries, status } from "../state";

// useChanges calls again whenever the stream tells that a policy came, went or was changed, or that files can't be used.
export function useChanges(again: () => void): void {
	const last = entries.value.find((e) => e.kind === "policy")?.number;
	const problem = status.value?.daemon?.problem;
	const first = useRef(true);
	useEffect(() => {
		if (!first.current) again();
		first.current = false;
	}, [last, problem]);
}
