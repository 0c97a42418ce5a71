// A row of a record: one line to read, and all of it where it is opened.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface Props {
	line: ComponentChildren;
	why?: string | undefined; // the path of its story
	fresh: boolean; // it came while one looks
	children: () => ComponentChildren; // what is made when it is opened
}

export function Row({ line, why, fresh, children }: Props) {
	const [open, setOpen] = useState(false);
	return (
		<li class={fresh ? "fresh" : ""}>
			<details onToggle={(e) => setOpen(e.currentTarget.open)}>
				<summary>{line}</summary>
				{open && <dl>{children()}</dl>}
			</details>
			{why ? <a href={why}>Why</a> : <span />}
		</li>
	);
}

// Fact is one thing of what is opened.
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
	return (
		<>
			<dt>{name}</dt>
			<dd dir="auto">{children}</dd>
		</>
	);
}

export function Link({ to, children }: { to: string[]; children: ComponentChildren }) {
	return <a href={"/" + to.map(encodeURIComponent).join("/")}>{children}</a>;
}
