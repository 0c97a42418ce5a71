// What a person asks of a service.
import { ask, at } from "../api";
import { change } from "../format";
import type { Begun, Paused, Resumed, Written } from "../shapes";

// Said is what came of it; less: it is not what was asked for.
export interface Said {
	text: string;
	less: boolean;
}

export async function pause(service: string, seconds: number, reason: string): Promise<string> {
	const body = { service, reason, ...(seconds > 0 ? { seconds } : {}) };
	await ask<Paused>("pause", { method: "POST", body });
	return `${service} is paused.`;
}

export async function resume(service: string): Promise<string> {
	const done = await ask<Resumed>("resume", { method: "POST", body: { service } });
	if (done.still?.some((p) => !p.service)) return `The pause of ${service} is ended. All services are paused still.`;
	return done.ended ? `${service} is resumed.` : `${service} was not paused.`;
}

export async function scale(service: string, replicas: number, force: boolean): Promise<Said> {
	return outcome(await ask<Begun>(at(["test", service]), { method: "POST", body: { replicas, ...(force ? { force } : {}) } }));
}

export async function rollback(service: string): Promise<Said> {
	return outcome(await ask<Begun>(at(["rollback", service]), { method: "POST", body: {} }));
}

// bounded is what the bounds of a policy make of a number, and in words where that is another.
export function bounded(replicas: number, min = 0, max = Infinity): { to: number; why?: string } {
	if (replicas > max) return { to: max, why: `${replicas} is above the maximum of ${max}: it becomes ${max}.` };
	if (replicas < min) return { to: min, why: `${replicas} is below the minimum of ${min}: it becomes ${min}.` };
	return { to: replicas };
}

// outcome says what is begun; what is in its way is an error, which the dialog shows.
export function outcome(b: Begun): Said {
	if (!b.success) throw new Error(b.decision.message || b.decision.reason);
	if (!b.event) return { text: `Nothing is to be done: ${b.decision.message}`, less: true };
	const asked = b.event.request?.replicas;
	const cut = asked !== undefined && asked !== b.event.to;
	return { text: `Begun: ${change(b.event.from, b.event.to)}${cut ? `, not to ${asked}: ${b.decision.message}` : ""}`, less: cut };
}

// written asks for a policy as its author wrote it. Of a file and of one that came by the API the file's is at work.
export async function written(policy: string): Promise<Written | undefined> {
	const all = (await ask<{ policies: Written[] }>("policies" + at([], { name: policy }))).policies;
	return all.find((p) => p.about.source === "file") ?? all[0];
}

// turn enables a policy that came by the API, or disables it. Somebody else's change in the meantime is not lost: it is refused.
export async function turn(p: Written, enabled: boolean): Promise<string> {
	const { about, ...body } = p;
	await ask(at(["policies", p.name]), { method: "PUT", body: { ...body, enabled }, headers: { "If-Match": about.etag } });
	return `${p.name} is ${enabled ? "enabled" : "disabled"}.`;
}
