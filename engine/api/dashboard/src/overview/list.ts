// Which policies the overview lists, and in which order. The choice lies in the query of the URL, so that it can be shared.
import type { PolicyStatus, State } from "../shapes";

// states are all there are, the worst first.
export const states = ["failing", "blocked", "paused", "off", "scaling", "cooling", "shadow", "active", "disabled"] as const satisfies State["name"][];

export const sorts = ["state", "name", "replicas", "event"] as const;
export type Sort = (typeof sorts)[number];

const usual: Sort = "state"; // trouble is on top

// View is what one chose to see.
export interface View {
	text: string;
	states: State["name"][]; // none: all
	sort: Sort;
	reverse: boolean;
}

// viewOf reads a query. What it does not know it leaves out.
export function viewOf(query: Record<string, string | undefined>): View {
	const asked = new Set((query.state ?? "").split(","));
	const sort = query.sort ?? "";
	const name = sort.replace(/^-/, "");
	return {
		text: query.q ?? "",
		states: states.filter((s) => asked.has(s)),
		sort: sorts.find((s) => s === name) ?? usual,
		reverse: sort.startsWith("-"),
	};
}

// queryOf writes what is not as it is by default: "" or ?q=web&state=failing,blocked&sort=-state.
export function queryOf(v: View): string {
	const q = new URLSearchParams();
	if (v.text.trim()) q.set("q", v.text.trim());
	if (v.states.length > 0) q.set("state", v.states.join(","));
	if (v.sort !== usual || v.reverse) q.set("sort", (v.reverse ? "-" : "") + v.sort);
	const text = q.toString().replaceAll("%2C", ",");
	return text && "?" + text;
}

// sorted is a view after a click on a column: the other way round where it was sorted by that.
export function sorted(v: View, sort: Sort): View {
	return { ...v, sort, reverse: v.sort === sort && !v.reverse };
}

// toggled is a view after a click on a state.
export function toggled(v: View, state: State["name"]): View {
	return { ...v, states: states.filter((s) => (s === state) !== v.states.includes(s)) };
}

// matching are the policies that have each word in their own or their service's name.
export function matching(policies: PolicyStatus[], text: string): PolicyStatus[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return policies;
	return policies.filter((p) => {
		const of = `${p.name} ${p.service}`.toLowerCase();
		return words.every((w) => of.includes(w));
	});
}

// counted is how many are in each state that any is in, or that is asked for.
export function counted(policies: PolicyStatus[], asked: State["name"][]): [State["name"], number][] {
	const n = new Map<string, number>();
	for (const p of policies) n.set(p.state.name, (n.get(p.state.name) ?? 0) + 1);
	return states.flatMap((s): [State["name"], number][] => (n.has(s) || asked.includes(s) ? [[s, n.get(s) ?? 0]] : []));
}

const rank = new Map<string, number>(states.map((s, i) => [s, i]));

const keys: Record<Exclude<Sort, "name">, (p: PolicyStatus) => number> = {
	state: (p) => rank.get(p.state.name) ?? states.length,
	replicas: (p) => -p.currentReplicas,
	event: (p) => -(Date.parse(p.lastEvent?.started ?? "") || 0),
};

const collator = new Intl.Collator("en", { numeric: true });

// Places are those of names in their order, in which web-2 comes before web-10. Comparing names takes far longer than comparing
// numbers, and names seldom differ from those before.
export interface Places {
	names: string[];
	of: Map<string, number>;
}

export function placed(policies: PolicyStatus[], before?: Places): Places {
	if (before?.names.length === policies.length && policies.every((p, i) => p.name === before.names[i])) return before;
	const names = policies.map((p) => p.name);
	const all = [...names].sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1));
	return { names, of: new Map(all.map((name, i) => [name, i])) };
}

// ordered sorts: by name, the worst state first, the most replicas first, or the latest event first. Those alike stay by name.
export function ordered(policies: PolicyStatus[], sort: Sort, reverse: boolean, places: Places): PolicyStatus[] {
	const way = reverse ? -1 : 1;
	const place = (p: PolicyStatus) => places.of.get(p.name) ?? 0;
	const key = sort === "name" ? place : keys[sort];
	return policies
		.map((p) => ({ p, at: way * key(p), place: place(p) }))
		.sort((a, b) => a.at - b.at || a.place - b.place)
		.map((k) => k.p);
}

// chosen are the policies of a view.
export function chosen(matched: PolicyStatus[], v: View, places: Places): PolicyStatus[] {
	const all = v.states.length === 0 ? matched : matched.filter((p) => v.states.includes(p.state.name));
	return ordered(all, v.sort, v.reverse, places);
}
