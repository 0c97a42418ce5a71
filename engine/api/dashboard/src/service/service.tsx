// A service: how it is, how it was, what was done to it, and what one can have done.
import { useComputed, useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useRef, useState } from "preact/hooks";
import { ask, at } from "../api";
import { refresh } from "../live";
import type { Event, History, PolicyStatus } from "../shapes";
import { may, policiesOf, status } from "../state";
import { useLoad } from "../ui/load";
import { Empty, Loading } from "../ui/notice";
import { Foreign, Name, visible } from "../ui/text";
import { useTitle } from "../ui/title";
import type { Said } from "./actions";
import { useChange } from "./change";
import { Actions } from "./dialogs";
import { Policies } from "./head";
import { Plots } from "./plots";
import { Timeline } from "./timeline";
import { useSpan } from "./span";
import "./service.css";

const mostEvents = 500;
const nothing: Said = { text: "", less: false };

export function Service({ name }: { name?: string }) {
	const service = name ?? "";
	const policies = useOwn(service);
	if (!policies) return <Loading of="the service" />;
	if (policies.length === 0) return <Unknown service={service} />;
	return <Page key={service} service={service} policies={policies} />;
}

// useOwn are the policies of a service, the same ones until one of them tells: most of what the stream tells is about others.
function useOwn(service: string): PolicyStatus[] | undefined {
	const of = useSignal(service);
	of.value = service;
	const own = useRef<PolicyStatus[]>([]);
	return useComputed(() => {
		if (!status.value) return undefined;
		const now = policiesOf(of.value);
		if (now.length !== own.current.length || now.some((p, i) => p !== own.current[i])) own.current = now;
		return own.current;
	}).value;
}

function Unknown({ service }: { service: string }) {
	const left = status.value?.leftOut?.find((l) => l.policy === service);
	return (
		<Empty title={`No policy at work scales a service called ${visible(service).slice(0, 160)}.`}>
			{left && <bdi>{`The policy ${left.policy} is left out: ${left.reason}`}</bdi>}
			<a href="/">To the overview</a>
		</Empty>
	);
}

function Page({ service, policies }: { service: string; policies: PolicyStatus[] }) {
	const { query, route, path } = useLocation();
	const time = useSpan(query, path, route);
	const [said, setSaid] = useState(nothing);
	const say = (what: string | Said) => {
		const it = typeof what === "string" ? { text: what, less: false } : what;
		setSaid(it);
		if (it.text) void refresh(); // the next evaluation, which would tell, may be a minute away
	};
	const [chosen, choose] = useState<string | undefined>();
	const [lit, light] = useState<string | undefined>();
	// An event that is begun or ended shows in the status: then there is something new to ask for.
	const stamp = policies.map((p) => [p.lastEvent?.id, p.lastEvent?.result, p.open?.id].join()).join("|");
	const history = useLoad((signal) => ask<History>(at(["history", service], { limit: mostEvents }), { signal }), [service]);
	useChange(stamp, history.again);
	const events: Event[] = history.value?.history ?? [];
	const shown = policies.find((p) => p.name === query.policy) ?? policies.find((p) => p.mode === "live") ?? policies[0];
	useTitle(visible(service));
	if (!shown) return null;
	const choice = (id: string | undefined) => {
		choose(id);
		if (id) requestAnimationFrame(() => document.getElementById("event-" + id)?.querySelector<HTMLElement>(".links button")?.focus());
	};
	return (
		<div class="service">
			<div class="head">
				<h1>
					<Name text={service} />
				</h1>
				{(may("pause") || may("scale")) && <Actions service={service} policies={policies} say={say} />}
			</div>
			<p role="status" class={said.text ? (said.less ? "said less" : "said") : "unseen"}>
				<Foreign text={said.text} />
				{said.text && (
					<button type="button" class="link" onClick={() => say("")}>
						close
					</button>
				)}
			</p>
			<Policies of={policies} say={say} />
			<Plots service={service} policies={policies} shown={shown} time={time} events={events} stamp={stamp} lit={lit ?? chosen} onEvent={choice} />
			<Timeline
				service={service}
				events={events}
				load={history}
				full={events.length >= mostEvents}
				span={time.span(600)}
				several={policies.length > 1}
				chosen={chosen}
				choose={choice}
				light={light}
			/>
		</div>
	);
}
