// What is known, for all pages.
import { computed, signal } from "@preact/signals";
import { daemonTime } from "./clock";
import type { Entry, Myself, PolicyStatus, Status } from "./shapes";
import type { Point } from "./fold";

// Link says how the stream fares.
export type Link = "connecting" | "live" | "lost";

export const me = signal<Myself | null | undefined>(undefined); // undefined: not known yet; null: nobody
export const status = signal<Status | undefined>(undefined);
export const entries = signal<Entry[]>([]); // the newest first, those that came by the stream
export const link = signal<Link>("connecting");
export const lostSince = signal<number | undefined>(undefined); // milliseconds
export const missed = signal<string | undefined>(undefined); // what the stream could not give

// now turns every second, for what counts down. It is the daemon's.
export const now = signal(daemonTime());

// minute turns every minute, for what needs no more: a thousand rows are not drawn anew each second.
export const minute = computed(() => now.value - (now.value % 60_000));

// readings are those that came live, by policy and metric. A map that is changed in place: what a policy has read comes with its
// status, which is new then.
export const readings = new Map<string, Point[]>();

export function readingsOf(policy: string, metric: string): Point[] {
	return readings.get(policy + "\n" + metric) ?? [];
}

// heard is when a status was told, by the clock of now. What it says of seconds left counts from then.
export const heard = new WeakMap<PolicyStatus, number>();

// since is how many seconds ago that was.
export function since(p: PolicyStatus): number {
	return Math.max(0, now.value - (heard.get(p) ?? now.value)) / 1000;
}

export const byName = computed(() => new Map((status.value?.policies ?? []).map((p) => [p.name, p])));

// policiesOf are those of a service.
export function policiesOf(service: string): PolicyStatus[] {
	return (status.value?.policies ?? []).filter((p) => p.service === service);
}

// may says whether the role allows an action, as the rules of access that flyball ships have it. Rules of one's own may say
// otherwise: then the daemon refuses, and says so.
export function may(action: "scale" | "pause" | "switch" | "policies" | "audit"): boolean {
	const who = me.value;
	if (!who) return false;
	if (who.scopes && who.scopes.length > 0 && !who.scopes.some((s) => s === action || s.startsWith(action + ":"))) return false;
	switch (who.role) {
		case "viewer":
			return false;
		case "operator":
			return action !== "policies";
	}
	return true;
}
