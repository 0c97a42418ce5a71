import type { Policy, Revised, Source } from "../shapes";
import { Foreign, Name, Time } from "../ui/text";

// Facts are where it is from and who changed it last.
export function Facts({ p, source, revisions }: { p: Policy; source: Source; revisions: Revised[] }) {
	const current = revisions.find((r) => r.current);
	const warnings = (p.about.warnings ?? []).filter((w) => !source.problems.some((f) => f.message === w)); // which stand at their place
	return (
		<dl class="policy-facts">
			<div>
				<dt>Service</dt>
				<dd>
					<a href={"/services/" + encodeURIComponent(p.service)}>
						<Name text={p.service} />
					</a>
				</dd>
			</div>
			<div>
				<dt>From</dt>
				<dd>{source.kind === "file" ? <code>{p.about.place ?? source.path}</code> : "the API"}</dd>
			</div>
			<div>
				<dt>Revision</dt>
				<dd>{p.about.revision ? <code title={p.about.revision}>{p.about.revision.slice(0, 8)}</code> : "none is at work"}</dd>
			</div>
			<div>
				<dt>Last changed</dt>
				<dd>
					{source.kind === "api" ? (
						<>
							<Time at={p.about.at} relative /> {p.about.actor && <>by <Name text={p.about.actor} /></>}
						</>
					) : current ? (
						<>
							<Time at={current.at} relative />
							{current.commit && (
								<>
									, commit <code title={current.commit}>{current.commit.slice(0, 10)}</code>
								</>
							)}
						</>
					) : (
						"not on record"
					)}
				</dd>
			</div>
			{p.about.leftOut && (
				<div class="wide">
					<dt>Left out</dt>
					<dd class="bad">
						<Foreign text={p.about.leftOut} />
					</dd>
				</div>
			)}
			{warnings.length > 0 && (
				<div class="wide">
					<dt>Warnings</dt>
					<dd>
						<ul>
							{warnings.map((w) => (
								<li>
									<Foreign text={w} most={600} />
								</li>
							))}
						</ul>
					</dd>
				</div>
			)}
		</dl>
	);
}
