// Somebody else changed the policy: both are shown, and one of them is chosen.
import { useState } from "preact/hooks";
import type { Source } from "../shapes";
import { reason } from "../api";
import { apart } from "./apart";
import { Code } from "./code";

interface Props {
	mine: string;
	theirs: Source | "gone";
	onMine: () => Promise<void>;
	onTheirs: () => void;
	onEdit: () => void;
}

export function Conflict({ mine, theirs, onMine, onTheirs, onEdit }: Props) {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>();
	const gone = theirs === "gone";
	const differ = apart(mine, gone ? "" : theirs.text);
	const over = async () => {
		setBusy(true);
		setError(undefined);
		try {
			await onMine();
		} catch (e) {
			setError(e);
		}
		setBusy(false);
	};
	return (
		<section class="conflict" role="alert" aria-labelledby="conflict-title">
			<h3 id="conflict-title">{gone ? "Somebody else has removed this policy." : "Somebody else has changed this policy."} Nothing was saved.</h3>
			{!gone && (
				<div class="both">
					<div>
						<h4>Yours</h4>
						<Code text={mine} language="json" label="Your draft" changed={differ.mine} line={Math.min(...differ.mine)} />
					</div>
					<div>
						<h4>What is there now</h4>
						<Code text={theirs.text} language="json" label="What is there now" changed={differ.theirs} line={Math.min(...differ.theirs)} />
					</div>
				</div>
			)}
			{error !== undefined && <p class="bad">{reason(error)}</p>}
			<div class="toolbar">
				<button type="button" onClick={onTheirs}>
					{gone ? "Leave it removed" : "Take theirs"}
				</button>
				<button type="button" onClick={onEdit}>
					Go on with yours
				</button>
				<button type="button" class="primary grave" disabled={busy} onClick={() => void over()}>
					{gone ? "Add yours again" : "Save yours over it"}
				</button>
			</div>
		</section>
	);
}
