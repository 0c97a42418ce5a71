// inside keeps a link from leading elsewhere: it is the path of a page here, or that of the overview. It is read as the browser
// would, which leaves out tabs and takes a backslash for a slash.
export function inside(to: string | undefined, origin: string): string {
	if (!to?.startsWith("/")) return "/";
	let url: URL;
	try {
		url = new URL(to, origin);
	} catch {
		return "/";
	}
	if (url.origin !== origin || url.pathname.startsWith("//") || url.pathname === "/login") return "/";
	return url.pathname + url.search + url.hash;
}
