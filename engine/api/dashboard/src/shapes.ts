// The shapes of the API, by the names that the pages use. They come from the document that the daemon is held to.
import type { components } from "./openapi.gen";

type Schemas = components["schemas"];

export type Status = Schemas["Status"];
export type PolicyStatus = Schemas["PolicyStatus"];
export type Reading = Schemas["EngineReading"];
export type Pause = Schemas["Pause"];
export type Event = Schemas["EngineEvent"];
export type Reason = Schemas["EngineReason"];
export type Step = Schemas["EngineStep"];
export type Alternative = Schemas["EngineAlternative"];
export type Explanation = Schemas["Explanation"];
export type Entry = Schemas["StoreEntry"];
export type Problem = Schemas["Problem"];
export type Fault = Schemas["Fault"];
export type Myself = Schemas["Myself"];
export type MetricStatus = Schemas["MetricStatus"];
export type State = Schemas["State"];
export type LastEvent = Schemas["LastEvent"];
export type Trend = Schemas["Trend"];
export type MetricTrend = Schemas["MetricTrend"];
export type Trends = Schemas["TrendsAnswer"];
export type SourceStatus = Schemas["SourceStatus"];
export type Begun = Schemas["BegunAnswer"];
export type Paused = Schemas["PausedAnswer"];
export type Resumed = Schemas["ResumedAnswer"];
export type History = Schemas["HistoryAnswer"];
export type Written = Schemas["PolicyAnswer"]["policy"];
export type About = Schemas["About"];
export type Source = Schemas["Source"];
export type Flaw = Schemas["Flaw"];
export type Revised = Schemas["Revised"];
export type PolicyDiff = Schemas["DiffPolicy"];
export type PolicyChange = Schemas["DiffChange"];
export type Figures = Schemas["Figures"];
export type Outcome = Schemas["Outcome"];
export type Disagreed = Schemas["Disagreed"];
export type Tried = Omit<Schemas["TriedAnswer"], "success">;

// Policy is the fields of its author, of which these are known, with what is known of it.
export interface Policy {
	name: string;
	service: string;
	about: About;
}

// Gap says which entries of the audit log a stream could not give any more.
export interface Gap {
	from: number;
	to: number;
}
