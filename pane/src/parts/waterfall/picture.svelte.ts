// What the waterfall's parts share of one trace: its rows, what is folded, where the cursor is, what is seen of the axis.

import type { Trace } from "../../api/trace";
import { type Axis, axisOf } from "../../model/axis";
import { findIn } from "../../model/find";
import { type Row, forestOf } from "../../model/forest";
import { type Join, isAsserted, joinsOf } from "../../model/joins";
import type { TracePlace } from "../../model/place";
import { openTo, visibleRows, withAncestors } from "../../model/rows";
import { tintsOf } from "../../model/services";
import { type Stretch, between, isWhole, whole } from "../../model/zoom";
import { navigation } from "../navigation.svelte";

/** A hand that still moves must not fill the address bar's history. */
const ADDRESS_DELAY_MS = 200;

export class Picture {
  readonly joins: Join[];
  readonly axis: Axis;
  readonly rows: Row[];
  readonly tints: Map<string, number>;
  /** Row of a span's id. */
  readonly rowOf: Map<string, Row>;
  /** The asserted link of a span's id, where there is one. */
  readonly linkOf: Map<string, Join>;
  folded = $state.raw<ReadonlySet<number>>(new Set());
  /** Index of the row that keys act on. */
  cursor = $state(0);
  view = $state.raw<Stretch>({ from: 0, to: 1 });
  query = $state("");
  only = $state(false);
  readonly matches: number[] = $derived.by(() => findIn(this.rows, this.query));
  readonly matching: ReadonlySet<number> = $derived(new Set(this.matches));
  readonly visible: Row[] = $derived.by(() => {
    const isNarrowed = this.only && this.query.trim() !== "";
    return visibleRows(this.rows, this.folded, isNarrowed ? withAncestors(this.rows, this.matches) : null);
  });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly trace: Trace) {
    this.joins = joinsOf(trace);
    this.axis = axisOf(trace, this.joins);
    this.rows = forestOf(trace.spans, this.axis);
    this.tints = tintsOf(this.rows.map((row) => row.span));
    this.rowOf = new Map(this.rows.map((row) => [row.span.id, row]));
    this.linkOf = new Map(this.joins.filter(isAsserted).map((join) => [join.link.spanId, join]));
    this.view = whole(this.axis.length);
  }

  get isWhole(): boolean {
    return isWhole(this.view, this.axis.length);
  }

  /** Takes over what the address says. */
  follow(place: TracePlace): void {
    const { zoom } = place;
    this.view = zoom ? between(zoom.from, zoom.to, this.axis.length) : whole(this.axis.length);
    this.query = place.find;
    this.only = place.only;
    const row = place.span === null ? undefined : this.rowOf.get(place.span);
    if (row) this.reach(row.index);
  }

  /** Makes a row visible and puts the cursor there. */
  reach(index: number): void {
    this.folded = openTo(this.rows, this.folded, index);
    this.cursor = index;
  }

  look(view: Stretch): void {
    this.view = view;
    this.writeSoon();
  }

  find(query: string, only: boolean): void {
    this.query = query;
    this.only = only;
    this.writeSoon();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  /** Where the cursor stands among the visible rows; the nearest one above where its row is hidden. */
  get at(): number {
    const found = this.visible.findIndex((row) => row.index >= this.cursor);
    if (found < 0) return this.visible.length - 1;
    return this.visible[found]?.index === this.cursor ? found : Math.max(0, found - 1);
  }

  private writeSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { place } = navigation;
      if (place.view !== "trace" || place.id !== this.trace.id) return;
      const zoom = this.isWhole ? null : this.view;
      navigation.adjust({ ...place, zoom, find: this.query, only: this.only });
    }, ADDRESS_DELAY_MS);
  }
}
