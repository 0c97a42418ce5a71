// What stands around every page: where one can go, who one is, and whether what is shown is how it is.
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { length } from "./format";
import { enable, logout } from "./session";
import { link, lostSince, may, me, missed, now, status } from "./state";
import { Chip } from "./ui/chip";
import { Dialog } from "./ui/dialog";
import { Foreign, Name } from "./ui/text";
import { theme, type Theme } from "./ui/theme";

const places = [
	["/", "Overview"],
	["/policies", "Policies"],
	["/events", "Events"],
	["/audit", "Audit"],
] as const;

export function Shell({ children }: { children: ComponentChildren }) {
	const { path } = useLocation();
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
					<Switch />
					<Look />
					<Me />
				</div>
			</header>
			<Banner />
			<main id="main" tabIndex={-1}>
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

// Banner says what one has to know about all that is shown.
function Banner() {
	const s = status.value;
	return (
		<>
			{link.value === "lost" && lostSince.value !== undefined && (
				<div class="banner bad" role="alert">
					The daemon has not been heard for {length((now.value - lostSince.value) / 1000)}. What is shown is how it was before; flyball tries again by itself.
				</div>
			)}
			{missed.value && (
				<div class="banner warn" role="status">
					{missed.value}{" "}
					<button type="button" class="link" onClick={() => (missed.value = undefined)}>
						close
					</button>
				</div>
			)}
			{s?.daemon?.store && (
				<div class="banner bad" role="alert">
					The store can't be read: <Foreign text={s.daemon.store} />
				</div>
			)}
			{s?.daemon?.problem && (
				<div class="banner warn" role="status">
					The policies on disk are not the ones at work: <Foreign text={s.daemon.problem.split("\n", 1)[0] ?? ""} /> <a href="/policies">Policies</a>
				</div>
			)}
			{s && !s.enabled && (
				<div class="banner warn" role="status">
					Autoscaling is off. Policies are evaluated, and nothing is scaled.
				</div>
			)}
			{s?.pause && (
				<div class="banner warn" role="status">
					All services are paused by <Name text={s.pause.actor} />: <Foreign text={s.pause.reason} />
				</div>
			)}
		</>
	);
}

// Switch turns autoscaling on or off.
function Switch() {
	const [asked, setAsked] = useState(false);
	const s = status.value;
	if (!s || !may("switch")) return null;
	return (
		<>
			<button type="button" onClick={() => setAsked(true)}>
				{s.enabled ? "Turn off" : "Turn on"}
			</button>
			{asked && (
				<Dialog
					title={s.enabled ? "Turn autoscaling off?" : "Turn autoscaling on?"}
					confirm={s.enabled ? "Turn off" : "Turn on"}
					grave={s.enabled}
					onConfirm={async () => {
						await enable(!s.enabled);
						status.value = { ...s, enabled: !s.enabled };
					}}
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
	if (!who) return null;
	return (
		<>
			<span class="muted me">
				<Name text={who.name} /> · {who.role}
			</span>
			{who.kind === "session" && (
				<button type="button" onClick={() => void logout()}>
					Log out
				</button>
			)}
		</>
	);
}
