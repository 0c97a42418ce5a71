import { Empty } from "../ui/notice";

export function Policies() {
	return <Empty title="Policies" />;
}
