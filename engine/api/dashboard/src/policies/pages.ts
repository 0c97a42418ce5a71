export { Policies } from "./policies";
export { Policy } from "./policy";
