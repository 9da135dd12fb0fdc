// The answers of the API as they come over the wire, by the names of `openapi.json`. 64-bit numbers and times are text.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type WireSpan = Schemas["Span"];
export type WireAccessEvent = Schemas["AccessEvent"];
export type WireLink = Schemas["Link"];
export type WireSegments = Schemas["LinkSegments"];
export type WireTrace = Schemas["Trace"];
export type WireFound = Schemas["SearchTrace"];
export type WireSearch = Schemas["SearchAnswer"];
export type WireServices = Schemas["ServicesAnswer"];
export type WireValues = Schemas["AccessValuesAnswer"];
export type WireStatus = Schemas["Status"];
export type WireFeeds = Schemas["FeedsAnswer"];
export type WireFeed = Schemas["Feed"];
export type WireRows = Schemas["SqlAnswer"];
