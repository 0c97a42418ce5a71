// What stands where there is nothing to show yet, nothing at all, or something is wrong.
import type { ComponentChildren } from "preact";
import { Refused, reason } from "../api";

export function Loading({ of }: { of: string }) {
	return (
		<div class="notice" role="status" aria-busy="true">
			<span class="spinner" aria-hidden="true" /> Loading {of}…
		</div>
	);
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
	return (
		<div class="notice">
			<strong>{title}</strong>
			{children}
		</div>
	);
}

// Failed shows why something could not be had, and a way to try again.
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
	const status = error instanceof Refused ? error.status : undefined;
	const faults = error instanceof Refused ? error.faults.filter((f) => f.message !== error.detail) : [];
	return (
		<div class="notice bad" role="alert">
			<strong>{status === 403 ? "You may not see this." : status === 404 ? "It is not there." : "That did not work."}</strong>
			<span>{reason(error)}</span>
			{faults.length > 0 && (
				<ul>
					{faults.map((f) => (
						<li>
							<code>{f.location}</code> {f.message}
						</li>
					))}
				</ul>
			)}
			{again && (
				<button type="button" onClick={again}>
					Try again
				</button>
			)}
		</div>
	);
}
