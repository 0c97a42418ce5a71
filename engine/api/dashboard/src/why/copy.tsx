import { useState } from "preact/hooks";

// Copy puts a text on the clipboard. Where the browser lets nobody do that, the text is shown to be copied by hand.
export function Copy({ of, text }: { of: string; text: () => string }) {
	const [state, set] = useState<"" | "copied" | "shown">("");
	const press = async () => {
		const done = await put(text());
		set(done ? "copied" : "shown");
		if (done) setTimeout(() => set((s) => (s === "copied" ? "" : s)), 2000);
	};
	return (
		<>
			<button type="button" onClick={() => void press()}>
				<span role="status">{state === "copied" ? "Copied" : `Copy ${of}`}</span>
			</button>
			{state === "shown" && (
				<label class="by-hand">
					Your browser does not let pages copy. Here it is:
					<textarea readOnly rows={3} value={text()} onFocus={(e) => e.currentTarget.select()} />
				</label>
			)}
		</>
	);
}

// put uses the clipboard, which browsers give to pages by https only, or else the old way.
async function put(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const box = document.createElement("textarea");
		box.value = text;
		box.className = "unseen";
		document.body.append(box);
		box.select();
		try {
			return document.execCommand("copy");
		} finally {
			box.remove();
		}
	}
}
