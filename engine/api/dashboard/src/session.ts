// Who looks at the pages.
import { ask, raw, Refused } from "./api";
import * as live from "./live";
import { forget } from "./policies/draft";
import type { Myself } from "./shapes";
import { entries, link, lostSince, me, missed, readings, status } from "./state";

// enter finds out who one is, and begins to listen. Nobody is null.
export async function enter(): Promise<void> {
	try {
		me.value = (await (await raw("/api/auth/me")).json()) as Myself;
	} catch (e) {
		if (!(e instanceof Refused) || e.status !== 401) throw e;
		leave();
		return;
	}
	forget(sessionStorage, me.value.name);
	live.start();
}

// leave forgets all that somebody was shown. Drafts stay for who comes back after a session that has ended.
export function leave(): void {
	live.stop();
	me.value = null;
	status.value = undefined;
	entries.value = [];
	readings.clear();
	link.value = "connecting";
	lostSince.value = undefined;
	missed.value = undefined;
}

export async function logout(): Promise<void> {
	await raw("/api/auth/logout", { method: "POST" });
	forget(sessionStorage, "");
	leave();
}

export async function enable(enabled: boolean): Promise<void> {
	await ask("enable", { method: "POST", body: { enabled } });
	await live.refresh();
}

export async function pauseAll(seconds: number, why: string): Promise<void> {
	await ask("pause", { method: "POST", body: { reason: why, ...(seconds > 0 ? { seconds } : {}) } });
	await live.refresh();
}

export async function resumeAll(): Promise<void> {
	await ask("resume", { method: "POST", body: {} });
	await live.refresh();
}
