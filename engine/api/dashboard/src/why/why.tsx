import { Empty } from "../ui/notice";

export function Why() {
	return <Empty title="Why" />;
}
