//! The traces found so far: the newest are kept, as many as can be of use.

use std::cmp::Reverse;
use std::collections::HashMap;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampNanosecondType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::error::Result;
use fanlight_model::{SpanId, TraceId};

/// Traces that are held at most. When there are more, the older half goes: none of it can be among the newest any more.
const MAX_TRACES: usize = 200_000;

#[derive(Debug, Default)]
pub(super) struct Found {
    traces: HashMap<TraceId, Matches>,
}

/// The spans of one trace that were found.
#[derive(Clone, Copy, Debug)]
struct Matches {
    /// The start of the newest of them: by it traces are ordered.
    newest: i64,
    /// The one that is shown: received before made, then the earliest.
    shown: (bool, i64, SpanId),
}

impl Found {
    /// Takes a batch of [`super::plan::MATCH`].
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let [traces, spans, starts, synthetic] = batch.columns() else {
            return internal_err!("a match has four columns");
        };
        let (Some(traces), Some(spans), Some(starts), Some(synthetic)) = (
            traces.as_fixed_size_binary_opt(),
            spans.as_fixed_size_binary_opt(),
            starts.as_primitive_opt::<TimestampNanosecondType>(),
            synthetic.as_boolean_opt(),
        ) else {
            return internal_err!("a match has other columns than it should");
        };
        for row in 0..batch.num_rows() {
            let ids = (TraceId::from_slice(traces.value(row)), SpanId::from_slice(spans.value(row)));
            let (Some(trace_id), Some(span_id)) = ids else { return internal_err!("an id of an odd length") };
            let start = starts.value(row);
            let shown = (synthetic.value(row), start, span_id);
            let known = self.traces.entry(trace_id).or_insert(Matches { newest: start, shown });
            known.newest = known.newest.max(start);
            known.shown = known.shown.min(shown);
        }
        self.keep_within(MAX_TRACES);
        Ok(())
    }

    fn keep_within(&mut self, bound: usize) {
        if self.traces.len() <= bound {
            return;
        }
        let mut order: Vec<(Reverse<i64>, TraceId)> =
            self.traces.iter().map(|(trace_id, matches)| (Reverse(matches.newest), *trace_id)).collect();
        let (_, first_gone, _) = order.select_nth_unstable(bound / 2);
        let first_gone = *first_gone;
        self.traces.retain(|trace_id, matches| (Reverse(matches.newest), *trace_id) < first_gone);
    }

    /// True where nothing that starts before `bound` can be among the newest `limit` any more.
    pub(super) fn is_settled(&self, limit: usize, bound: i64) -> bool {
        self.traces.values().filter(|matches| matches.newest >= bound).take(limit).count() >= limit
    }

    /// The newest traces, the newest first, each with the span that is shown of it.
    pub(super) fn newest(self, limit: usize) -> Vec<(TraceId, SpanId)> {
        let mut traces: Vec<(TraceId, Matches)> = self.traces.into_iter().collect();
        traces.sort_by_key(|(trace_id, matches)| (Reverse(matches.newest), *trace_id));
        traces.truncate(limit);
        traces.into_iter().map(|(trace_id, matches)| (trace_id, matches.shown.2)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(starts: &[i64]) -> Found {
        let traces = starts.iter().map(|start| {
            let mut id = [0; 16];
            id[8..].copy_from_slice(&start.to_be_bytes());
            (TraceId(id), Matches { newest: *start, shown: (false, *start, SpanId([1; 8])) })
        });
        Found { traces: traces.collect() }
    }

    #[test]
    fn beyond_the_bound_the_older_half_goes() {
        let mut found = found(&(0..101).collect::<Vec<_>>());
        found.keep_within(100);
        assert_eq!(found.traces.len(), 50);
        assert!(found.traces.values().all(|matches| matches.newest > 50));
        found.keep_within(50);
        assert_eq!(found.traces.len(), 50);
    }

    #[test]
    fn a_search_is_settled_when_enough_is_newer_than_what_is_left() {
        let found = found(&[10, 20, 30]);
        assert!(found.is_settled(2, 20));
        assert!(!found.is_settled(2, 21));
        assert!(!found.is_settled(4, 0));
    }
}
