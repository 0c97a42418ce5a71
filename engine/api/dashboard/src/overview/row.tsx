// One policy.
import { Component } from "preact";
import { ending } from "../event";
import { change } from "../format";
import type { PolicyStatus } from "../shapes";
import { Chip } from "../ui/chip";
import { Left } from "../ui/left";
import { Name, Time, visible } from "../ui/text";
import { toneOf, toneOfEnding } from "../ui/tone";
import { Bar } from "./bar";
import type { Layout } from "./layout";
import { Metrics } from "./metrics";
import type { Kept } from "./trend";

interface Props {
	p: PolicyStatus;
	place: number;
	active: boolean; // in the order of the Tab key
	look: Layout;
	kept: Kept | undefined;
}

// Row is drawn anew when something about it differs: most of what the stream tells is about others.
export class Row extends Component<Props> {
	override shouldComponentUpdate(next: Props): boolean {
		const { p, place, active, look, kept } = this.props;
		return p !== next.p || place !== next.place || active !== next.active || look !== next.look || kept !== next.kept;
	}

	override render({ p, place, active, look, kept }: Props) {
		const tab = active ? 0 : -1;
		return (
			<div
				role="row"
				aria-rowindex={place + 2}
				data-place={place}
				tabIndex={tab}
				class={active ? "row active" : "row"}
				style={{ top: place * look.row + "px", height: look.row + "px" }}
			>
				<div class="cells">
					<div role="rowheader" class="named">
						<a href={"/services/" + encodeURIComponent(p.service)} tabIndex={tab}>
							<Name text={p.name} />
						</a>
						{p.service !== p.name && (
							<span class="muted oneline">
								<Name text={p.service} />
							</span>
						)}
					</div>
					<div role="gridcell" class="replicas">
						<Bar p={p} />
					</div>
					<div role="gridcell" class="doing">
						<Doing p={p} />
					</div>
					<div role="gridcell" class="metrics">
						<Metrics p={p} kept={kept} most={look.metrics} tab={tab} />
					</div>
					<div role="gridcell" class="last">
						<Last p={p} tab={tab} />
					</div>
				</div>
			</div>
		);
	}
}

const most = 300; // characters of a text in a row; the service's page has all of it

// Doing is the state, why, and how long it lasts. A policy that is active says what it last decided.
function Doing({ p }: { p: PolicyStatus }) {
	const why = visible((p.state.why || p.message || "").slice(0, most));
	return (
		<>
			<span class="oneline">
				<Chip tone={toneOf(p.state.name)}>{p.state.name}</Chip> <Left p={p} />
			</span>
			<bdi class="because muted" title={why}>
				{why}
			</bdi>
		</>
	);
}

function Last({ p, tab }: { p: PolicyStatus; tab: number }) {
	const e = p.lastEvent;
	if (!e) return <span class="muted">no event yet</span>;
	const how = ending({ mode: p.mode, result: e.result ?? "" });
	const steps = change(e.from, e.to);
	const message = visible(e.message.slice(0, most));
	return (
		<>
			<span class="oneline">
				{e.id ? (
					<a href={"/why/event/" + encodeURIComponent(e.id)} tabIndex={tab} aria-label={`${steps}: why`}>
						{steps}
					</a>
				) : (
					steps
				)}{" "}
				<Chip tone={toneOfEnding(how)} title={e.ended && e.reached !== e.to ? `reached ${e.reached}` : undefined}>
					{how}
				</Chip>{" "}
				<span class="muted">
					<Time at={e.started} relative />
				</span>
			</span>
			<bdi class="because muted" title={message}>
				{message}
			</bdi>
		</>
	);
}
