// What stands around every page: where one can go, who one is, and whether what is shown is how it is.
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { PauseAll, ResumeAll } from "./all";
import { reason } from "./api";
import { Banners } from "./banner";
import { enable, logout } from "./session";
import { link, may, me, status } from "./state";
import { Chip } from "./ui/chip";
import { Dialog } from "./ui/dialog";
import { Name } from "./ui/text";
import { theme, type Theme } from "./ui/theme";

const places = [
	["/", "Overview"],
	["/policies", "Policies"],
	["/events", "Events"],
	["/audit", "Audit"],
] as const;

export function Shell({ children }: { children: ComponentChildren }) {
	const { path } = useLocation();
	const main = useRef<HTMLElement>(null);
	const before = useRef(path);
	// The link that was followed is gone with its page: who uses the keyboard, or listens, goes on in the new one.
	useEffect(() => {
		if (before.current !== path && document.activeElement === document.body) main.current?.focus({ preventScroll: true });
		before.current = path;
	}, [path]);
	return (
		<>
			<a class="skip" href="#main">
				Skip to the content
			</a>
			<header class="top">
				<a class="brand" href="/">
					<img src="/favicon.svg" alt="" width="22" height="22" /> flyball
				</a>
				<nav aria-label="Pages">
					{places
						.filter(([to]) => to !== "/audit" || may("audit"))
						.map(([to, name]) => (
							<a href={to} aria-current={to === path || (to !== "/" && path.startsWith(to + "/")) ? "page" : undefined}>
								{name}
							</a>
						))}
				</nav>
				<div class="who">
					<Link />
					<Hold />
					<Switch />
					<Look />
					<Me />
				</div>
			</header>
			<Banners />
			<main id="main" ref={main} tabIndex={-1}>
				{children}
			</main>
		</>
	);
}

function Link() {
	switch (link.value) {
		case "live":
			return <Chip tone="good">live</Chip>;
		case "lost":
			return <Chip tone="bad">disconnected</Chip>;
	}
	return <Chip tone="busy">connecting</Chip>;
}

// Hold pauses all services, and ends that.
function Hold() {
	const s = status.value;
	if (!s) return null;
	return s.pause ? <ResumeAll>Resume all…</ResumeAll> : <PauseAll>Pause all…</PauseAll>;
}

// Switch turns autoscaling on or off.
function Switch() {
	const [asked, setAsked] = useState(false);
	const s = status.value;
	if (!s || !may("switch")) return null;
	return (
		<>
			<button type="button" title="autoscaling, of all services" onClick={() => setAsked(true)}>
				{s.enabled ? "Turn off" : "Turn on"}
			</button>
			{asked && (
				<Dialog
					title={s.enabled ? "Turn autoscaling off?" : "Turn autoscaling on?"}
					confirm={s.enabled ? "Turn off" : "Turn on"}
					grave={s.enabled}
					onConfirm={() => enable(!s.enabled)}
					onClose={() => setAsked(false)}
				>
					<p>
						{s.enabled
							? "For all services: nothing new is begun, a change under way is finished. It stays so over restarts."
							: "For all services whose policies are enabled. It stays so over restarts."}
					</p>
				</Dialog>
			)}
		</>
	);
}

function Look() {
	return (
		<select aria-label="Look" value={theme.value} onChange={(e) => (theme.value = e.currentTarget.value as Theme)}>
			<option value="system">system</option>
			<option value="light">light</option>
			<option value="dark">dark</option>
		</select>
	);
}

function Me() {
	const who = me.value;
	const [error, setError] = useState<unknown>();
	if (!who) return null;
	return (
		<>
			<span class="muted me">
				<Name text={who.name} /> · {who.role}
			</span>
			{who.kind === "session" && (
				<button type="button" onClick={() => logout().catch(setError)}>
					Log out
				</button>
			)}
			{error !== undefined && (
				<span class="bad" role="alert">
					You are logged in still: {reason(error)}
				</span>
			)}
		</>
	);
}
