// One way to ask the daemon. The session is a cookie that no script can read.
import { hear } from "./clock";
import { visible } from "./format";
import type { Fault, Problem } from "./shapes";

const root = "/api/autoscaling/";

// Refused is an answer that says no, as the daemon words it. Status 0: there was no answer.
export class Refused extends Error {
	constructor(
		readonly status: number,
		readonly detail: string,
		readonly faults: Fault[] = [],
		readonly wait = 0, // seconds after which it may be tried again
	) {
		super(detail);
	}
}

// onLost is called when a session has ended, or there was none.
let onLost: () => void = () => {};

export function whenLost(f: () => void): void {
	onLost = f;
}

export interface Ask {
	method?: "GET" | "POST" | "PUT" | "DELETE";
	body?: unknown;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

// raw asks for a path from the root of the daemon, and throws Refused.
export async function raw(path: string, ask: Ask = {}): Promise<Response> {
	const headers: Record<string, string> = { Accept: "application/json", ...ask.headers };
	const init: RequestInit = { method: ask.method ?? "GET", headers, credentials: "same-origin" };
	if (ask.signal) init.signal = ask.signal;
	if (ask.body !== undefined) {
		headers["Content-Type"] = "application/json";
		init.body = typeof ask.body === "string" ? ask.body : JSON.stringify(ask.body);
	}
	let answer: Response;
	try {
		answer = await fetch(path, init);
	} catch (e) {
		if (ask.signal?.aborted) throw e;
		throw new Refused(0, "the daemon can't be reached");
	}
	hear(answer.headers.get("Date"));
	if (answer.ok) return answer;
	const refused = await refusal(answer);
	if (refused.status === 401 && path !== "/api/auth/login") onLost();
	throw refused;
}

async function refusal(answer: Response): Promise<Refused> {
	const wait = Number(answer.headers.get("Retry-After") ?? 0) || 0;
	try {
		const p = (await answer.json()) as Problem;
		const faults = (p.errors ?? []).map((f) => ({ ...f, message: visible(f.message) })); // it repeats what was asked
		return new Refused(answer.status, visible(p.detail || p.title), faults, wait);
	} catch {
		return new Refused(answer.status, `the answer was ${answer.status} ${answer.statusText}`.trim(), [], wait);
	}
}

// ask asks for a path under /api/autoscaling.
export async function ask<T>(path: string, how: Ask = {}): Promise<T> {
	return (await (await raw(root + path, how)).json()) as T;
}

// at makes a path of parts that are foreign, and a query of what is set.
export function at(parts: (string | number)[], query: Record<string, string | number | undefined> = {}): string {
	const q = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") q.set(name, String(value));
	const text = q.toString();
	return parts.map((p) => encodeURIComponent(p)).join("/") + (text ? "?" + text : "");
}

// reason is what to tell of an error.
export function reason(e: unknown): string {
	if (e instanceof Refused) return e.detail;
	return e instanceof Error ? e.message : String(e);
}
