// A draft is kept in the tab until it is saved or given up: leaving the page loses nothing.

export interface Draft {
	text: string;
	base: string; // what it began as
	etag: string; // of that
	at: number; // milliseconds: last changed
}

// Keep is what sessionStorage does.
export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const prefix = "flyball-draft\n";

// keyOf has who wrote it in it: somebody else who logs in here sees nothing of it. A name of "" is a new policy.
export function keyOf(who: string, name: string): string {
	return `${prefix}${who}\n${name}`;
}

// kept is a draft that was left; what can't be read is none.
export function kept(store: Keep, key: string): Draft | undefined {
	try {
		const d = JSON.parse(store.getItem(key) ?? "null") as Partial<Draft> | null;
		if (typeof d?.text !== "string" || typeof d.base !== "string" || typeof d.etag !== "string" || typeof d.at !== "number") return undefined;
		return { text: d.text, base: d.base, etag: d.etag, at: d.at };
	} catch {
		return undefined;
	}
}

// keep says whether it could be kept: a browser may have no room, or keep nothing. One in which nothing was changed is not kept.
export function keep(store: Keep, key: string, d: Draft): boolean {
	try {
		if (d.text === d.base) store.removeItem(key);
		else store.setItem(key, JSON.stringify(d));
		return true;
	} catch {
		return false;
	}
}

export function drop(store: Keep, key: string): void {
	try {
		store.removeItem(key);
	} catch {
		// then there is none
	}
}

// forget drops the drafts of all others than somebody; "" is nobody.
export function forget(store: Keep & Pick<Storage, "key" | "length">, but: string): void {
	const all = Array.from({ length: store.length }, (_, i) => store.key(i) ?? "");
	for (const key of all) if (key.startsWith(prefix) && !(but && key.startsWith(keyOf(but, "")))) drop(store, key);
}
