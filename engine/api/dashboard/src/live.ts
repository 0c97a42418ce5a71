// The one stream. The browser takes it up again by itself, with the number of the last entry; where it has given up, as it
// does when it was refused, this does.
import { batch } from "@preact/signals";
import { ask, raw, Refused } from "./api";
import { daemonTime } from "./clock";
import { withEntry, withPolicies, withReading, withStatus } from "./fold";
import type { Entry, Gap, PolicyStatus, Status } from "./shapes";
import { entries, heard, link, lostSince, missed, now, readings, status } from "./state";

const path = "/api/autoscaling/events";
const longest = 30_000; // milliseconds
const asleep = 20_000;
const silence = 20_000;
const answerTime = 5_000;
const unseen = 60_000;
const together = 200; // what many policies tell in so short a time is folded, and drawn, once
const anew = 30_000; // so often it is asked for what the stream does not tell: the fleet, who leads, which policies there are

let source: EventSource | undefined;
let last = "";
let again: ReturnType<typeof setTimeout> | undefined;
let wait = 1000;
let spoke = Date.now(); // when something came by the stream
let told: PolicyStatus[] = []; // that were not folded yet
let folding: ReturnType<typeof setTimeout> | undefined;
let asking: ReturnType<typeof setInterval> | undefined;

// start listens until stop.
export function start(): void {
	stop();
	link.value = "connecting";
	asking = setInterval(() => document.hidden || link.value !== "live" || void refresh(), anew);
	listen();
}

export function stop(): void {
	clearTimeout(again);
	clearTimeout(folding);
	clearInterval(asking);
	folding = undefined;
	told = [];
	source?.close();
	source = undefined;
	last = "";
	wait = 1000;
}

// refresh asks for all that is known. Where it can't be had, the stream says that it is lost.
export async function refresh(): Promise<void> {
	const of = source;
	try {
		const { status: s } = await ask<{ status: Status }>("status");
		if (source === of) batch(() => take(withStatus(status.value, s)));
	} catch {
		// as it was
	}
}

function listen(): void {
	spoke = Date.now();
	source?.close();
	const s = new EventSource(last ? `${path}?after=${last}` : path);
	source = s;
	s.addEventListener("status", (m) => read(m, (v: Status) => begun(v)));
	s.addEventListener("policy", (m) => read(m, (v: PolicyStatus) => decided(v)));
	s.addEventListener("entry", (m) => read(m, (v: Entry) => (entries.value = withEntry(entries.value, v))));
	s.addEventListener("gap", (m) =>
		read(m, (v: Gap) => (missed.value = `Entries ${v.from} to ${v.to} of the audit log are not kept any more.`)),
	);
	s.onerror = () => {
		lost();
		if (s.readyState === EventSource.CLOSED) void retry();
	};
}

// read reads a message. One that can't be read is left out: the next status mends it.
function read<T>(m: MessageEvent, f: (v: T) => void): void {
	spoke = Date.now();
	if (m.lastEventId) last = m.lastEventId;
	let v: T;
	try {
		v = JSON.parse(String(m.data)) as T;
	} catch {
		return;
	}
	batch(() => f(v));
}

function begun(s: Status): void {
	wait = 1000;
	link.value = "live";
	lostSince.value = undefined;
	told = [];
	take(s);
}

function decided(p: PolicyStatus): void {
	heard.set(p, daemonTime());
	told.push(p);
	folding ??= setTimeout(() => batch(fold), together);
}

function fold(): void {
	folding = undefined;
	if (!status.value) return;
	for (const p of told) remember(p);
	status.value = withPolicies(status.value, told);
	told = [];
}

function take(s: Status): void {
	for (const p of s.policies) {
		if (!heard.has(p)) heard.set(p, daemonTime());
		remember(p);
	}
	status.value = s;
}

// remember keeps what a policy has read.
function remember(p: PolicyStatus): void {
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
	lostSince.value = daemonTime();
}

// retry asks who one is first: a stream does not say why it was refused.
async function retry(): Promise<void> {
	clearTimeout(again);
	const of = source;
	try {
		await raw("/api/auth/me");
	} catch (e) {
		if (e instanceof Refused && e.status === 401) return;
	}
	if (source !== of) return; // it was stopped, or begun anew, in the meantime
	again = setTimeout(listen, wait);
	wait = Math.min(wait * 2, longest);
}

// probe asks whether the daemon is there when its stream is silent: one that hangs, or is cut off, says nothing either.
async function probe(): Promise<void> {
	spoke = Date.now();
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
	ticked = at;
	now.value = daemonTime();
	if (document.hidden) return;
	if (slept && source) listen();
	else if (source && at - spoke > silence) void probe();
}, 1000);

// A browser has six connections to a daemon, and each stream takes one. So a page that is kept for the way back has none, and one that
// nobody has looked at for a while has none either.
let resting: ReturnType<typeof setTimeout> | undefined;
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (e) => e.persisted && source && listen());
document.addEventListener("visibilitychange", () => {
	clearTimeout(resting);
	if (document.hidden) resting = setTimeout(() => source?.close(), unseen);
	else if (source?.readyState === EventSource.CLOSED) listen();
});
addEventListener("online", () => source && listen());
