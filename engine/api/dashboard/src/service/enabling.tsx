// Enabling a policy, and disabling it, where it came by the API. What is in a file is changed there.
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { reason } from "../api";
import type { PolicyStatus, Written } from "../shapes";
import { Dialog } from "../ui/dialog";
import { Name } from "../ui/text";
import { turn, written } from "./actions";

export function Enabling({ p, say }: { p: PolicyStatus; say: (text: string) => void }) {
	const [found, setFound] = useState<Written | undefined>();
	const [asking, setAsking] = useState(false);
	const open = async () => {
		setAsking(true);
		try {
			const it = await written(p.name);
			if (it) setFound(it);
			else say(`${p.name} is not there any more.`);
		} catch (e) {
			say(reason(e));
		}
		setAsking(false);
	};
	const verb = p.enabled ? "Disable" : "Enable";
	return (
		<>
			<button type="button" onClick={open} disabled={asking}>
				{verb}
			</button>
			{found && found.about.source === "file" && <InFile of={found} enabled={p.enabled} close={() => setFound(undefined)} />}
			{found && found.about.source !== "file" && (
				<Dialog
					title={`${verb} the policy ${p.name}?`}
					confirm={verb}
					grave={p.enabled}
					onConfirm={async () => say(await turn(found, !p.enabled))}
					onClose={() => setFound(undefined)}
				>
					<p>
						{p.enabled
							? "It decides nothing any more, and its service stays as it is. A change under way is finished."
							: p.mode === "shadow"
								? "It decides from now on, and touches nothing: it is a shadow."
								: `It decides from now on, and scales ${p.service} between ${p.minReplicas ?? 0} and ${p.maxReplicas ?? 0} replicas.`}{" "}
						The policy is changed and gets a new revision.
					</p>
				</Dialog>
			)}
		</>
	);
}

function InFile({ of, enabled, close }: { of: Written; enabled: boolean; close: () => void }) {
	const { route } = useLocation();
	return (
		<Dialog title="The file says so" confirm="Look at the policy" onConfirm={async () => route("/policies/" + encodeURIComponent(of.name))} onClose={close}>
			<p>
				<Name text={of.name} /> is {enabled ? "enabled" : "disabled"} in its file{of.about.place && <> at </>}
				{of.about.place && (
					<code>
						<bdi>{of.about.place}</bdi>
					</code>
				)}
				. Write <code>enabled: {enabled ? "false" : "true"}</code> there: flyball reads it again by itself. To stop it for a while, pause the service.
			</p>
		</Dialog>
	);
}
