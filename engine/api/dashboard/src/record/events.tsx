import { Empty } from "../ui/notice";

export function Events() {
	return <Empty title="Events" />;
}
