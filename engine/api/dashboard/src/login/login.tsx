import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { raw, Refused, reason } from "../api";
import { enter } from "../session";
import { me } from "../state";
import { useTitle } from "../ui/title";
import { inside } from "./inside";

// Login asks who one is, and goes on to where one wanted to.
export function Login() {
	const { query, route } = useLocation();
	const [error, setError] = useState<unknown>();
	const [busy, setBusy] = useState(false);
	useTitle("Log in");
	const submit = async (e: SubmitEvent) => {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement);
		setBusy(true);
		setError(undefined);
		try {
			await raw("/api/auth/login", { method: "POST", body: { email: form.get("email"), password: form.get("password") } });
			await enter();
			if (!me.value) throw new Error("the browser did not keep the session; allow cookies of this address");
			route(inside(query.to, location.origin), true);
		} catch (why) {
			setError(why);
			setBusy(false);
		}
	};
	return (
		<main class="login" id="main">
			<form onSubmit={submit} class="card">
				<h1>flyball</h1>
				<label>
					Email
					<input name="email" type="email" autocomplete="username" required autofocus />
				</label>
				<label>
					Password
					<input name="password" type="password" autocomplete="current-password" required />
				</label>
				{error !== undefined && (
					<p class="bad" role="alert">
						{reason(error)}
						{error instanceof Refused && error.wait > 0 && ` Try again in ${error.wait} s.`}
					</p>
				)}
				<button type="submit" class="primary" disabled={busy}>
					{busy ? "…" : "Log in"}
				</button>
				<p class="muted">
					No account yet? Where flyball runs: <code>flyball user add you@example.org --role operator</code>
				</p>
			</form>
		</main>
	);
}
