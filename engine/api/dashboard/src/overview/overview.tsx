// The overview: the fleet, and every policy.
import "./overview.css";
import { link, may, status } from "../state";
import { Empty, Loading } from "../ui/notice";
import { useTitle } from "../ui/title";
import type { Status } from "../shapes";
import { Head } from "./head";
import { List } from "./rows";

export function Overview() {
	useTitle("Overview");
	const s = status.value;
	if (!s && link.value === "lost") return <Empty title="The daemon has not answered yet.">flyball tries again by itself.</Empty>;
	if (!s) return <Loading of="the policies" />;
	return (
		<div class="overview">
			<Head of={s} />
			{s.policies.length === 0 ? <Nothing of={s} /> : <List policies={s.policies} />}
		</div>
	);
}

// Nothing says how to begin.
function Nothing({ of }: { of: Status }) {
	return (
		<Empty title="There are no policies yet.">
			<span>
				<code>flyball init FOLDER</code> writes a first one, with a scenario that tests it
				{of.daemon && (
					<>
						; this daemon reads them from <code>{of.daemon.policies}</code>
					</>
				)}
				.
			</span>
			<span>
				{may("policies") && (
					<>
						Or <a href="/policies?new">write one here</a>.{" "}
					</>
				)}
				What the API can do is at{" "}
				<a href="/api/docs" target="_blank" rel="noreferrer">
					/api/docs
				</a>
				.
			</span>
		</Empty>
	);
}
