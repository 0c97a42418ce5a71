// The list of policies: what is chosen of them, and of that only the rows that one sees.
import { useLocation } from "preact-iso";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { reason } from "../api";
import type { PolicyStatus } from "../shapes";
import { Empty } from "../ui/notice";
import { layout, type Layout } from "./layout";
import { chosen, counted, matching, placed, sorted, type Places, type Sort, type View } from "./list";
import { Row } from "./row";
import { useAbove, useSpan } from "./scroll";
import { titles, Tools } from "./tools";
import { useTrends } from "./trends";
import { useView } from "./view";
import { moved, placesOf, scrolled } from "./window";

export function List({ policies }: { policies: PolicyStatus[] }) {
	const [view, choose] = useView();
	const look = layout.value;
	const matched = useMemo(() => matching(policies, view.text), [policies, view.text]);
	const counts = useMemo(() => counted(matched, view.states), [matched, view.states]);
	const before = useRef<Places>(undefined);
	const places = (before.current = placed(policies, before.current));
	const rows = useMemo(() => chosen(matched, view, places), [matched, view, places]);
	return (
		<>
			<Tools view={view} choose={choose} counts={counts} all={policies.length} shown={rows.length} select={look.name !== "one"} />
			{rows.length > 0 ? (
				<Grid rows={rows} look={look} view={view} choose={choose} />
			) : (
				<Empty title="No policy matches.">
					<button type="button" onClick={() => choose({ ...view, text: "", states: [] })}>
						Show all {policies.length}
					</button>
				</Empty>
			)}
		</>
	);
}

interface Props {
	rows: PolicyStatus[];
	look: Layout;
	view: View;
	choose: (v: View) => void;
}

// Grid is a table to screen readers. One row at a time is in the order of the Tab key; arrows lead to the others.
function Grid({ rows, look, view, choose }: Props) {
	const { route } = useLocation();
	const head = useRef<HTMLDivElement>(null);
	const body = useRef<HTMLDivElement>(null);
	const above = useAbove();
	const span = useSpan(body, look.row, rows.length);
	const [last, setLast] = useState({ name: "", place: 0 }); // where the focus was
	const found = rows.findIndex((p) => p.name === last.name);
	const active = found >= 0 ? found : Math.min(last.place, rows.length - 1);
	const wanted = useRef(false); // the active row is to have the focus

	const services = useMemo(() => [...new Set(rows.slice(span.first, span.last).map((p) => p.service))], [rows, span]);
	const trends = useTrends(services);

	// A row that is put elsewhere loses the focus, and one that is gone does.
	const focused = body.current?.contains(document.activeElement) ? document.activeElement : null;
	useLayoutEffect(() => {
		const lost = focused !== null && document.activeElement !== focused;
		const to = lost && !wanted.current && focused.isConnected ? focused : body.current?.querySelector(".row.active");
		if ((lost || wanted.current) && to instanceof HTMLElement) to.focus({ preventScroll: true });
		wanted.current = false;
	});

	const onKeyDown = (e: KeyboardEvent) => {
		if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey || !body.current) return;
		const row = rows[active];
		if (e.key === "Enter" && row && e.target instanceof HTMLElement && e.target.matches(".row")) return route("/services/" + encodeURIComponent(row.service));
		const covered = above + (head.current?.offsetHeight ?? 0);
		const page = Math.max(1, Math.floor((innerHeight - covered) / look.row) - 1);
		const place = moved(e.key, active, rows.length, page);
		const to = place === undefined ? undefined : rows[place];
		if (place === undefined || !to) return;
		e.preventDefault();
		scrollBy(0, scrolled(body.current.getBoundingClientRect().top, innerHeight, look.row, place, covered));
		wanted.current = true;
		setLast({ name: to.name, place });
	};
	const onFocusIn = (e: FocusEvent) => {
		const row = e.target instanceof Element ? e.target.closest<HTMLElement>(".row") : null;
		const place = Number(row?.dataset.place ?? -1);
		const p = rows[place];
		if (p && p.name !== last.name) setLast({ name: p.name, place });
	};

	return (
		<>
			<div class={"grid " + look.name} role="grid" aria-label="Policies" aria-rowcount={rows.length + 1}>
				<div ref={head} role="rowgroup" class={look.name === "one" ? "heads" : "unseen"} style={{ top: above + "px" }}>
					<Columns view={view} choose={choose} buttons={look.name === "one"} />
				</div>
				<div ref={body} role="rowgroup" class="body" style={{ height: rows.length * look.row + "px" }} onKeyDown={onKeyDown} onFocusIn={onFocusIn}>
					{placesOf(span, active, rows.length).flatMap((i) => {
						const p = rows[i];
						return p ? [<Row key={p.name} p={p} place={i} active={i === active} look={look} kept={trends.of.get(p.name)} />] : [];
					})}
				</div>
			</div>
			{trends.error !== undefined && <p class="muted">What was recorded of the metrics can't be had: {reason(trends.error)}. What was read since is shown.</p>}
		</>
	);
}

const columns: [Sort | undefined, string][] = [
	["name", titles.name],
	["replicas", titles.replicas],
	["state", titles.state],
	[undefined, "Metrics, of the last hour"],
	["event", titles.event],
];

function Columns({ view, choose, buttons }: { view: View; choose: (v: View) => void; buttons: boolean }) {
	return (
		<div role="row" class="cells" aria-rowindex={1}>
			{columns.map(([sort, title]) => (
				<div key={title} role="columnheader" aria-sort={sort !== view.sort ? undefined : view.reverse ? "descending" : "ascending"}>
					{sort && buttons ? (
						<button type="button" class="sort" onClick={() => choose(sorted(view, sort))}>
							{title} <span aria-hidden="true">{sort !== view.sort ? "" : view.reverse ? "↑" : "↓"}</span>
						</button>
					) : (
						title
					)}
				</div>
			))}
		</div>
	);
}
