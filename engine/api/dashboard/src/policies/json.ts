// What keeps a text from being a JSON object. Browsers say it each in other words, and not all of them where.

export interface Wrong {
	at: number; // an offset
	message: string;
}

// deepest is how deep braces may lie within each other: deeper than any policy.
const deepest = 100;

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words = /true|false|null/y;
const space = /[ \t\n\r]*/y;

// wrongIn finds the first thing that is wrong; undefined: nothing is.
export function wrongIn(text: string): Wrong | undefined {
	const r = new Reader(text);
	try {
		r.skip();
		if (r.at === text.length) r.fail("there is nothing here; write a policy, such as {\"name\": \"web\", …}");
		if (r.next() !== "{") r.fail(`found ${r.found}; a policy begins with {`);
		r.object(1);
		r.skip();
		if (r.at < text.length) r.fail(`found ${r.found} behind the policy's last }; nothing may follow`);
	} catch (e) {
		if (e === r) return { at: r.at, message: r.message };
		throw e;
	}
	return undefined;
}

class Reader {
	at = 0;
	message = "";

	constructor(private readonly text: string) {}

	next(): string {
		return this.text.charAt(this.at);
	}

	// found is what stands here, in short.
	get found(): string {
		if (this.at >= this.text.length) return "the end";
		const here = this.text.slice(this.at, this.at + 24);
		return /^"[^"\\\n]*"/.exec(here)?.[0] ?? JSON.stringify(/^(?:[\w$-]+|[^])/u.exec(here)?.[0] ?? "");
	}

	fail(message: string, at = this.at): never {
		this.at = at;
		this.message = message;
		throw this;
	}

	skip(): void {
		this.take(space);
	}

	take(what: RegExp): boolean {
		what.lastIndex = this.at;
		if (!what.test(this.text)) return false;
		this.at = what.lastIndex;
		return true;
	}

	value(depth: number): void {
		switch (this.next()) {
			case "{":
				return this.object(depth + 1);
			case "[":
				return this.list(depth + 1);
			case '"':
				return this.string();
		}
		if (this.take(number) || this.take(words)) {
			if (/[\w.+-]/.test(this.next())) this.fail(`found ${this.found} right behind a value; write text in "quotes"`);
			return;
		}
		if (this.next() === "'") this.fail('found a single quote; text stands in "double quotes"');
		this.fail(`found ${this.found}; allowed are a number, "text", true, false, null, { or [`);
	}

	object(depth: number): void {
		this.items(depth, "}", () => {
			if (this.next() !== '"') this.fail(`found ${this.found}; a field's name stands in "quotes"`);
			this.string();
			this.skip();
			if (this.next() !== ":") this.fail(`found ${this.found}; behind a field's name stands a colon`);
			this.at++;
			this.skip();
			this.value(depth);
		});
	}

	list(depth: number): void {
		this.items(depth, "]", () => this.value(depth));
	}

	// items are what stands between braces, with a comma between one and the next.
	items(depth: number, end: string, item: () => void): void {
		if (depth > deepest) this.fail(`more than ${deepest} braces within each other`);
		const open = this.at;
		const opened = this.next();
		this.at++;
		this.skip();
		if (this.next() === end) {
			this.at++;
			return;
		}
		for (;;) {
			item();
			this.skip();
			if (this.next() === end) {
				this.at++;
				return;
			}
			if (this.at >= this.text.length) this.fail(`this ${opened} is not closed: ${end} is missing`, open);
			if (this.next() !== ",") this.fail(`found ${this.found}; a comma or ${end} is missing before it`);
			const comma = this.at++;
			this.skip();
			if (this.next() === end) this.fail(`one comma too many before ${end}`, comma);
		}
	}

	string(): void {
		const open = this.at++;
		for (; this.at < this.text.length; this.at++) {
			const c = this.next();
			if (c === '"') {
				this.at++;
				return;
			}
			if (c === "\n") break;
			if (c < " ") this.fail(`found ${JSON.stringify(c)} in a text; write it so, with a backslash`);
			if (c !== "\\") continue;
			this.at++;
			if (this.next() === "u" && /^[0-9a-fA-F]{4}/.test(this.text.slice(this.at + 1))) continue;
			if (!'"\\/bfnrt'.includes(this.next() || " ")) this.fail(`\\${this.next()} means nothing in a text; a backslash itself is \\\\`, this.at - 1);
		}
		this.fail('this text is not closed: " is missing on its line', open);
	}
}
