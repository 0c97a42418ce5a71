import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { lazy, LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { whenLost } from "./api";
import { Login } from "./login/login";
import { Overview } from "./overview/overview";
import { enter, leave } from "./session";
import { Shell } from "./shell";
import { me } from "./state";
import { Empty, Failed, Loading } from "./ui/notice";
import "./ui/theme";

// What only some look at is fetched when they do.
const Service = lazy(() => import("./service/service").then((m) => m.Service));
const Why = lazy(() => import("./record/pages").then((m) => m.Why));
const Policies = lazy(() => import("./policies/pages").then((m) => m.Policies));
const Policy = lazy(() => import("./policies/pages").then((m) => m.Policy));
const Events = lazy(() => import("./record/pages").then((m) => m.Events));
const Audit = lazy(() => import("./record/pages").then((m) => m.Audit));

function Pages() {
	const { url, path, route } = useLocation();
	const [error, setError] = useState<unknown>();
	const begin = () => {
		setError(undefined);
		enter().catch(setError);
	};
	useEffect(() => {
		whenLost(leave);
		begin();
	}, []);
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

render(
	<LocationProvider>
		<Pages />
	</LocationProvider>,
	document.getElementById("app")!,
);
