// A filter lives in the query of the page's address, so that it can be shared, and gone back to.

// Words are what is asked for, by field. What is empty is not asked for.
export type Words<F extends string> = Record<F, string>;

// read takes the fields that a page knows.
export function read<F extends string>(query: Record<string, string>, fields: readonly F[]): Words<F> {
	return Object.fromEntries(fields.map((f) => [f, (query[f] ?? "").trim()])) as Words<F>;
}

// write makes the address of a page with a filter; fields in their order, so that the same filter has the same address.
export function write<F extends string>(path: string, words: Words<F>, fields: readonly F[]): string {
	const q = new URLSearchParams();
	for (const f of fields) if (words[f] !== "") q.set(f, words[f]);
	const text = q.toString();
	return path + (text ? "?" + text : "");
}

// some says that anything is asked for.
export function some<F extends string>(words: Words<F>): boolean {
	return Object.values(words).some((v) => v !== "");
}
