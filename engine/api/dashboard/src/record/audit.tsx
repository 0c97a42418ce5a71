import { Empty } from "../ui/notice";

export function Audit() {
	return <Empty title="Audit" />;
}
