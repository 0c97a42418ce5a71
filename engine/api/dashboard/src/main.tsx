import "uplot/dist/uPlot.min.css";
import "./style.css";
import { Component, render, type ComponentChildren } from "preact";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { whenLost } from "./api";
import { Login } from "./login/login";
import { Overview } from "./overview/overview";
import { Policies } from "./policies/policies";
import { Policy } from "./policies/policy";
import { Audit } from "./record/audit";
import { Events } from "./record/events";
import { Service } from "./service/service";
import { enter, leave } from "./session";
import { Shell } from "./shell";
import { me } from "./state";
import { Empty, Failed, Loading } from "./ui/notice";
import "./ui/theme";
import { Why } from "./why/why";

const pause = 5000; // milliseconds until a daemon that did not answer is asked again

function Pages() {
	const { url, path, route } = useLocation();
	const [error, setError] = useState<unknown>();
	const begin = () => void enter().then(() => setError(undefined), setError);
	useEffect(() => {
		whenLost(leave);
		begin();
	}, []);
	useEffect(() => {
		if (error === undefined) return;
		const timer = setTimeout(begin, pause);
		return () => clearTimeout(timer);
	}, [error]);
	useEffect(() => {
		if (me.value === null && path !== "/login") route("/login?to=" + encodeURIComponent(url), true);
	}, [me.value, path]);
	if (error !== undefined)
		return (
			<main id="main">
				<Failed error={error} again={begin} />
			</main>
		);
	if (path === "/login") return <Login />;
	if (!me.value)
		return (
			<main id="main">
				<Loading of="flyball" />
			</main>
		);
	return (
		<Shell>
			<Shield path={path}>
				<Router>
					<Route path="/" component={Overview} />
					<Route path="/services/:name" component={Service} />
					<Route path="/why/:kind/:id" component={Why} />
					<Route path="/policies" component={Policies} />
					<Route path="/policies/:name" component={Policy} />
					<Route path="/events" component={Events} />
					<Route path="/audit" component={Audit} />
					<Route default component={Nowhere} />
				</Router>
			</Shield>
		</Shell>
	);
}

function Nowhere() {
	return (
		<Empty title="There is no such page.">
			<a href="/">To the overview</a>
		</Empty>
	);
}

// Shield stands where a page could not be drawn. Going elsewhere tries again.
class Shield extends Component<{ path: string; children: ComponentChildren }, { error?: unknown }> {
	override componentDidCatch(error: unknown): void {
		console.error(error);
		this.setState({ error });
	}

	override componentDidUpdate(before: { path: string }): void {
		if (before.path !== this.props.path && this.state.error !== undefined) this.setState({ error: undefined });
	}

	override render() {
		return this.state.error === undefined ? this.props.children : <Failed error={this.state.error} again={() => location.reload()} />;
	}
}

const app = document.getElementById("app");
if (app)
	render(
		<LocationProvider>
			<Pages />
		</LocationProvider>,
		app,
	);
