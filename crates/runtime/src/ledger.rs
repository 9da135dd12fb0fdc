//! The ledger of records: what came in, and what became of each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It came in.
    Received,
    /// It is in the store.
    Stored,
    /// It went out to a target.
    Exported,
    /// The sender was told that we do not take it.
    Refused,
    /// It was given up and the sender does not know.
    Dropped,
    /// It could not be read; its raw form is kept.
    Rejected,
    /// It was mended and kept.
    Repaired,
    /// It had come before.
    Duplicate,
    /// It was put aside as damaged.
    Quarantined,
    /// A link was made.
    Linked,
    /// It was sent again.
    Retried,
}

impl Outcome {
    /// The lower-case name that metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Stored => "stored",
            Self::Exported => "exported",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::Repaired => "repaired",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
            Self::Linked => "linked",
            Self::Retried => "retried",
        }
    }
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Which stage counted.
    pub stage: &'static str,
    /// What was counted: `span`, `line`, `request`, `frame`, …
    pub record: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where there is a why; else empty.
    pub reason: Arc<str>,
    /// How many.
    pub count: u64,
}

/// Counters `fanlight.records{stage, record, outcome, reason}`. Clones share the counts. One call a batch, not one a record.
///
/// INV-1: received = stored + refused(reason) + dropped(reason) + in flight.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    counts: Arc<Mutex<Counts>>,
}

type Counts = BTreeMap<(&'static str, &'static str, Outcome, Arc<str>), u64>;

/// Reasons that come from outside (a target's name) are capped, so that no sender can grow the ledger.
const MAX_ROWS: usize = 2_000;

impl Ledger {
    /// Adds to a counter; `reason` is a fixed word or a configured name, never a sender's text.
    pub fn add(&self, stage: &'static str, record: &'static str, outcome: Outcome, reason: &str, count: u64) {
        if count == 0 {
            return;
        }
        let mut counts = self.counts();
        let full = counts.len() >= MAX_ROWS;
        let key = (stage, record, outcome, Arc::from(reason));
        let key = if full && !counts.contains_key(&key) {
            (stage, record, outcome, Arc::from("overflow"))
        } else {
            key
        };
        let entry = counts.entry(key).or_insert(0);
        *entry = entry.saturating_add(count);
    }

    /// One counter's value.
    pub fn get(&self, stage: &'static str, record: &'static str, outcome: Outcome, reason: &str) -> u64 {
        self.counts().get(&(stage, record, outcome, Arc::from(reason))).copied().unwrap_or(0)
    }

    /// Sets a stage's counters of one outcome back: what a replay did was counted when it first happened.
    pub fn forget(&self, stage: &str, outcome: Outcome) {
        self.counts().retain(|(of, _, what, _), _| *of != stage || *what != outcome);
    }

    /// All counters, in a fixed order.
    pub fn rows(&self) -> Vec<LedgerRow> {
        self.counts()
            .iter()
            .map(|((stage, record, outcome, reason), count)| LedgerRow {
                stage,
                record,
                outcome: *outcome,
                reason: Arc::clone(reason),
                count: *count,
            })
            .collect()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgetting_sets_back_one_outcome_of_one_stage() {
        let ledger = Ledger::default();
        ledger.add("store", "span", Outcome::Stored, "", 3);
        ledger.add("store", "file", Outcome::Quarantined, "", 1);
        ledger.add("export", "span", Outcome::Stored, "", 2);
        ledger.forget("store", Outcome::Stored);
        assert_eq!(ledger.get("store", "span", Outcome::Stored, ""), 0);
        assert_eq!(ledger.get("store", "file", Outcome::Quarantined, ""), 1);
        assert_eq!(ledger.get("export", "span", Outcome::Stored, ""), 2);
    }

    /// Reasons that never repeat end in one row and lose no count.
    #[test]
    fn the_ledger_is_bounded() {
        let ledger = Ledger::default();
        for reason in 0..MAX_ROWS as u64 + 50 {
            ledger.add("intake", "span", Outcome::Refused, &reason.to_string(), 1);
        }
        assert_eq!(ledger.get("intake", "span", Outcome::Refused, "overflow"), 50);
    }
}
