// A dialog asks before anything is done.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { reason } from "../api";

interface Props {
	title: string;
	confirm: string; // what the button says: the deed, not "OK"
	grave?: boolean; // it stops or removes something
	onConfirm: () => Promise<void>; // an error stays in the dialog
	onClose: () => void;
	children?: ComponentChildren;
}

// Dialog stays open until what it asks for is done or given up. The browser keeps the focus inside, and Escape closes it.
export function Dialog({ title, confirm, grave, onConfirm, onClose, children }: Props) {
	const box = useRef<HTMLDialogElement>(null);
	const [error, setError] = useState<unknown>();
	const [busy, setBusy] = useState(false);
	useEffect(() => {
		const before = document.activeElement;
		box.current?.showModal();
		return () => {
			if (before instanceof HTMLElement) before.focus();
		};
	}, []);
	const submit = async (e: Event) => {
		e.preventDefault();
		if (busy) return;
		setBusy(true);
		setError(undefined);
		try {
			await onConfirm();
			onClose();
		} catch (why) {
			setError(why);
			setBusy(false);
		}
	};
	return (
		<dialog ref={box} aria-labelledby="dialog-title" onCancel={onClose} onClose={onClose}>
			<form onSubmit={submit}>
				<h2 id="dialog-title">{title}</h2>
				{children}
				{error !== undefined && (
					<p class="bad" role="alert">
						{reason(error)}
					</p>
				)}
				<div class="buttons">
					<button type="button" onClick={onClose}>
						Cancel
					</button>
					<button type="submit" class={grave ? "primary grave" : "primary"} disabled={busy}>
						{busy ? "…" : confirm}
					</button>
				</div>
			</form>
		</dialog>
	);
}
