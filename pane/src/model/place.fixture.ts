// Places of every kind, for tests; nothing of the pane imports this.

import { nanos } from "../api/nanos";
import { type Place, feedsPlace, searchPlace, tracePlace } from "./place";

const ID = "0af7651916cd43dd8448eb211c80319c";

export const readable: Place[] = [
  searchPlace(),
  searchPlace('{ name = "a & b = ?" }', { kind: "last", back: "7d" }),
  searchPlace("{}", { kind: "fixed", start: nanos(1_790_000_000_000_000_001n), end: nanos(1_790_000_001_000_000_000n) }),
  { ...searchPlace("{ status = error }"), order: "longest" },
  feedsPlace(),
  { ...feedsPlace("zpa_user_activity~pushed"), find: "Port & more" },
  tracePlace(ID),
  tracePlace(ID, "b7ad6b7169203331"),
  { ...tracePlace(ID), event: "e1", tab: "raw", find: "a b", only: true, zoom: { from: 1000, to: 2_000_000 } },
];
