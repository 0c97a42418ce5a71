import { expect, test } from "vitest";
import { drop, forget, keep, kept, keyOf, type Keep } from "./draft";

function memory(): Keep & Pick<Storage, "key" | "length"> & { all: Map<string, string> } {
	const all = new Map<string, string>();
	return { all, get length() { return all.size; }, key: (i) => [...all.keys()][i] ?? null, getItem: (k) => all.get(k) ?? null, setItem: (k, v) => void all.set(k, v), removeItem: (k) => void all.delete(k) };
}

const draft = { text: '{"a": 2}', base: '{"a": 1}', etag: '"v1"', at: 5 };

test("a draft is there when one comes back, for who wrote it", () => {
	const store = memory();
	expect(keep(store, keyOf("ana", "web"), draft)).toBe(true);
	expect(kept(store, keyOf("ana", "web"))).toEqual(draft);
	expect(kept(store, keyOf("ben", "web"))).toBeUndefined();
	expect(kept(store, keyOf("ana", ""))).toBeUndefined();
	drop(store, keyOf("ana", "web"));
	expect(kept(store, keyOf("ana", "web"))).toBeUndefined();
});

test("one that changes nothing is not kept", () => {
	const store = memory();
	keep(store, "k", draft);
	keep(store, "k", { ...draft, text: draft.base });
	expect(store.all.size).toBe(0);
});

test("what can't be read is no draft", () => {
	const store = memory();
	for (const text of ["", "{", "null", "[]", '{"text": 1, "base": "", "etag": "", "at": 1}', '{"text": ""}']) {
		store.all.set("k", text);
		expect(kept(store, "k"), text).toBeUndefined();
	}
});

test("a browser that keeps nothing is no error", () => {
	const full = () => {
		throw new Error("QuotaExceededError");
	};
	const store = { getItem: full, setItem: full, removeItem: full };
	expect(keep(store, "k", draft)).toBe(false);
	expect(kept(store, "k")).toBeUndefined();
	drop(store, "k");
});

test("drafts of others are forgotten when somebody comes, and all when one goes", () => {
	const store = memory();
	for (const who of ["ana", "ana-maria", "ben"]) for (const name of ["", "web"]) keep(store, keyOf(who, name), draft);
	store.setItem("flyball-theme", "dark");
	forget(store, "ana");
	expect([...store.all.keys()]).toEqual([keyOf("ana", ""), keyOf("ana", "web"), "flyball-theme"]);
	forget(store, "");
	expect([...store.all.keys()]).toEqual(["flyball-theme"]);
});
