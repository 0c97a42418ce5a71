import { Empty } from "../ui/notice";

export function Service() {
	return <Empty title="Service" />;
}
