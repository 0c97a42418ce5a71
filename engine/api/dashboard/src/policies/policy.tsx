import { Empty } from "../ui/notice";

export function Policy() {
	return <Empty title="Policy" />;
}
