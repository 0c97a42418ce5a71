import { length } from "../format";
import type { PolicyStatus } from "../shapes";
import { since } from "../state";

// Left counts down how long the state of a policy lasts.
export function Left({ p }: { p: PolicyStatus }) {
	if (!p.state.seconds) return null;
	const left = p.state.seconds - since(p);
	return <span class="left">{left > 0 ? length(left) + " left" : "ends now"}</span>;
}
