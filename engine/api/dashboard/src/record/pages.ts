// The pages that are fetched together: they have most in common, and pack better so.
export { Audit } from "./audit";
export { Events } from "./events";
export { Why } from "../why/why";
