// The one stream. The browser takes it up again by itself, with the number of the last entry; where it has given up, as it
// does when it was refused, this does.
import { batch } from "@preact/signals";
import { raw, Refused } from "./api";
import { withEntry, withPolicy, withReading } from "./fold";
import type { Entry, Gap, PolicyStatus, Status } from "./shapes";
import { entries, link, lostSince, missed, now, readings, status, turn } from "./state";

const path = "/api/autoscaling/events";
const longest = 30_000; // milliseconds
const asleep = 20_000;
const silence = 20_000;
const answerTime = 5_000;

let source: EventSource | undefined;
let last = "";
let again: ReturnType<typeof setTimeout> | undefined;
let wait = 1000;
let heard = Date.now(); // when something came by the stream

// start listens until stop.
export function start(): void {
	stop();
	link.value = "connecting";
	listen();
}

export function stop(): void {
	clearTimeout(again);
	source?.close();
	source = undefined;
}

function listen(): void {
	heard = Date.now();
	source?.close();
	const s = new EventSource(last ? `${path}?after=${last}` : path);
	source = s;
	s.addEventListener("status", (m) => take(m, (v: Status) => told(v)));
	s.addEventListener("policy", (m) => take(m, (v: PolicyStatus) => decided(v)));
	s.addEventListener("entry", (m) => take(m, (v: Entry) => (entries.value = withEntry(entries.value, v))));
	s.addEventListener("gap", (m) =>
		take(m, (v: Gap) => (missed.value = `Entries ${v.from} to ${v.to} of the audit log are not kept any more.`)),
	);
	s.onerror = () => {
		lost();
		if (s.readyState === EventSource.CLOSED) void retry();
	};
}

// take reads a message. One that can't be read is left out: the next status mends it.
function take<T>(m: MessageEvent, f: (v: T) => void): void {
	heard = Date.now();
	if (m.lastEventId) last = m.lastEventId;
	let v: T;
	try {
		v = JSON.parse(String(m.data)) as T;
	} catch {
		return;
	}
	batch(() => f(v));
}

function told(s: Status): void {
	wait = 1000;
	link.value = "live";
	lostSince.value = undefined;
	status.value = s;
	for (const p of s.policies) read(p);
	turn.value++;
}

function decided(p: PolicyStatus): void {
	if (status.value) status.value = withPolicy(status.value, p);
	read(p);
	turn.value++;
}

function read(p: PolicyStatus): void {
	const at = p.lastEvaluation ? Date.parse(p.lastEvaluation) / 1000 : NaN;
	if (Number.isNaN(at)) return;
	for (const [metric, r] of Object.entries(p.metrics ?? {})) {
		const key = p.name + "\n" + metric;
		readings.set(key, withReading(readings.get(key) ?? [], at, r));
	}
}

function lost(): void {
	if (link.value === "lost") return;
	link.value = "lost";
	lostSince.value = Date.now();
}

// retry asks who one is first: a stream does not say why it was refused.
async function retry(): Promise<void> {
	clearTimeout(again);
	try {
		await raw("/api/auth/me");
	} catch (e) {
		if (e instanceof Refused && e.status === 401) return;
	}
	again = setTimeout(listen, wait);
	wait = Math.min(wait * 2, longest);
}

// probe asks whether the daemon is there when its stream is silent: one that hangs, or is cut off, says nothing either.
async function probe(): Promise<void> {
	heard = Date.now();
	try {
		await raw("/api/auth/me", { signal: AbortSignal.timeout(answerTime) });
	} catch (e) {
		if (e instanceof Refused && e.status !== 0) return;
		lost();
	}
	if (link.value === "lost" && source) listen();
}

// A laptop that slept, or a network that was away, may leave a stream that is dead and does not know it.
let ticked = Date.now();
setInterval(() => {
	const at = Date.now();
	const slept = at - ticked > asleep;
	ticked = now.value = at;
	if (slept && source) listen();
	else if (source && at - heard > silence) void probe();
}, 1000);
addEventListener("online", () => source && listen());
