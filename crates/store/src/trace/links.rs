//! Rows of `links`.

use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{EventUid, Link, LinkId, LinkState, Relation, Rung, SpanId, TraceId};

use super::cells::{Doubles, Flags, Ids, Longs, Texts, Times};

const RUNGS: [Rung; 3] = [Rung::R2, Rung::R3, Rung::R3b];
const RELATIONS: [Relation; 3] = [Relation::SameRequest, Relation::SameConnection, Relation::SameContext];
const STATES: [LinkState; 4] =
    [LinkState::Asserted, LinkState::Candidate, LinkState::Superseded, LinkState::Retracted];

/// The links of a batch; one in words that this version does not know is left out and told.
pub(crate) fn decode(batch: &RecordBatch) -> Vec<Link> {
    let ids = |name| Ids::of(batch, name);
    let (link_id, trace_id, span_id, event_uid) =
        (ids("link_id"), ids("trace_id"), ids("span_id"), ids("event_uid"));
    let texts = |name| Texts::of(batch, name);
    let (rung, relation, state) = (texts("rung"), texts("relation"), texts("state"));
    let doubles = |name| Doubles::of(batch, name);
    let (confidence, runner_up) = (doubles("confidence"), doubles("runner_up"));
    let (residual_ms, late_by_ms) = (doubles("residual_ms"), doubles("late_by_ms"));
    let (revision, decided_time) = (Longs::of(batch, "revision"), Times::of(batch, "decided_time"));
    let first = Flags::of(batch, "first_on_connection");
    let row = |row: usize| {
        Some(Link {
            link_id: LinkId(link_id.at(row)?),
            trace_id: TraceId(trace_id.at(row)?),
            span_id: SpanId(span_id.at(row)?),
            event_uid: EventUid(event_uid.at(row)?),
            rung: RUNGS.into_iter().find(|known| Some(known.as_str()) == rung.at(row))?,
            relation: RELATIONS.into_iter().find(|known| Some(known.as_str()) == relation.at(row))?,
            confidence: confidence.at(row)?,
            runner_up: runner_up.at(row)?,
            residual_ms: residual_ms.at(row)?,
            late_by_ms: late_by_ms.at(row)?,
            state: STATES.into_iter().find(|known| Some(known.as_str()) == state.at(row))?,
            revision: revision.as_(row)?,
            decided_time: decided_time.at(row)?,
            first_on_connection: first.at(row),
        })
    };
    let links: Vec<Link> = (0..batch.num_rows()).filter_map(row).collect();
    if links.len() < batch.num_rows() {
        let left_out = batch.num_rows() - links.len();
        tracing::warn!(name: "store.links.unknown", left_out, "links in words of another version are left out");
    }
    links
}
