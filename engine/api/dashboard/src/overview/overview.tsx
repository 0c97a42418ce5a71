import { Empty } from "../ui/notice";

export function Overview() {
	return <Empty title="Overview" />;
}
