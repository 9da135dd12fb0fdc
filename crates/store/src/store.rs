//! The store's one handle: append, look, seal.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_log::{Disk, Position};
use fanlight_runtime::{Clock, Ledger, Outcome};

use crate::append::{Append, Pressure};
use crate::hot::{Counted, Recent, Tail};
use crate::open::{self, OpenReport};
use crate::part::{Part, Stored};
use crate::seal::Sealer;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::trace::Footers;
use crate::{StoreError, Table};

/// The stage's name in the ledger.
pub(crate) const STAGE: &str = "store";

/// Spans, access events, links and other records: a hot tail in memory, parts on disk. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// Nanoseconds; begins as the settings say.
    pub(crate) seal_after: AtomicU64,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) disk: Arc<dyn Disk>,
    /// Held for as long as it takes to add a frame's rows, never while a file is read or written.
    pub(crate) state: Mutex<State>,
    /// Held through a seal: there is one at a time.
    pub(crate) sealer: Mutex<Sealer>,
    /// Keys of parts that were put aside and that no commit has removed yet.
    pub(crate) gone: Mutex<Vec<String>>,
    pub(crate) footers: Mutex<Footers>,
}

/// What is visible.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tail: Tail,
    /// Rows that a seal is making parts of: still visible, and only here.
    pub(crate) sealing: Option<Arc<Tail>>,
    pub(crate) parts: BTreeMap<Table, Vec<Arc<Stored>>>,
    pub(crate) committed: Position,
    recent: Recent,
}

impl Store {
    /// Opens the store in a folder, or makes one. Damage does not stop it: what cannot be read is put aside and told.
    ///
    /// # Errors
    /// Where the folder cannot be used, or a newer version wrote into it.
    pub fn open(
        settings: Settings,
        clock: Clock,
        ledger: Ledger,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, OpenReport), StoreError> {
        let opened = open::open(&disk, &settings.directory, clock.now().to_rfc3339())?;
        ledger.add(STAGE, "file", Outcome::Quarantined, "", opened.report.quarantined.len() as u64);
        let mut state = State {
            tail: Tail::default(),
            sealing: None,
            parts: opened.parts,
            committed: opened.committed,
            recent: Recent::default(),
        };
        state.keep_blooms_within(settings.bloom_bytes);
        let shared = Shared {
            seal_after: AtomicU64::new(nanos(settings.seal_after)),
            settings,
            clock,
            ledger,
            disk,
            state: Mutex::new(state),
            sealer: Mutex::new(Sealer { next_sequence: opened.next_sequence, before: opened.before }),
            gone: Mutex::new(opened.gone),
            footers: Mutex::default(),
        };
        Ok((Self { shared: Arc::new(shared) }, opened.report))
    }

    /// Adds what one frame led to; it is visible when this returns. Frames come in the order of the log. What came before is
    /// dropped and counted; what is in parts already is only remembered as seen.
    ///
    /// # Errors
    /// Where rows cannot be laid out as columns. The rows before the failing one are kept.
    pub fn append(&self, append: Append) -> Result<Pressure, StoreError> {
        let now = self.shared.clock.elapsed();
        let mut state = self.shared.state();
        let state = &mut *state;
        let keep = append.position > state.committed;
        let mut spans = Counted::default();
        for rows in &append.spans {
            let counted = state.tail.append_spans(rows, &mut state.recent, keep);
            let counted = counted.map_err(StoreError::columns(Table::Spans))?;
            spans.stored += counted.stored;
            spans.duplicates += counted.duplicates;
        }
        let events = state.tail.append_events(append.events, &mut state.recent, keep);
        let events = events.map_err(StoreError::columns(Table::AccessEvents))?;
        let links = state.tail.append_links(append.links, &mut state.recent, keep);
        let links = links.map_err(StoreError::columns(Table::Links))?;
        let records = state.tail.append_records(append.records, &mut state.recent, keep);
        let records = records.map_err(|(table, cause)| StoreError::columns(table)(cause))?;
        if keep {
            state.tail.position = Some(append.position);
            state.tail.first_arrival.get_or_insert(append.arrival);
            state.tail.since.get_or_insert(now);
        }
        let first = [(Table::Spans, spans), (Table::AccessEvents, events), (Table::Links, links)];
        for (table, counted) in first.into_iter().chain(records) {
            self.shared.ledger.add(STAGE, table.record(), Outcome::Stored, "", counted.stored);
            self.shared.ledger.add(STAGE, table.record(), Outcome::Duplicate, "", counted.duplicates);
        }
        Ok(self.shared.pressure(state))
    }

    /// Changes how long the oldest row may stay in the hot tail, from the next look on.
    pub fn set_seal_after(&self, seal_after: Duration) {
        self.shared.seal_after.store(nanos(seal_after), Ordering::Relaxed);
    }

    /// Up to here the log is in parts.
    pub fn committed(&self) -> Position {
        self.shared.state().committed
    }

    /// How full the hot tail is.
    pub fn pressure(&self) -> Pressure {
        self.shared.pressure(&self.shared.state())
    }

    /// Everything that is visible now.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.state().snapshot()
    }
    /// Takes a part out of sight because what it holds is not what was written, and puts its file aside. For a reader that
    /// found out; twice is as good as once.
    pub fn set_aside(&self, part: &Part, reason: &str) {
        let taken = {
            let mut state = self.shared.state();
            let parts = state.parts.entry(part.table).or_default();
            let place = parts.iter().position(|stored| stored.part.id == part.id);
            place.map(|place| parts.remove(place))
        };
        let Some(taken) = taken else { return };
        let directory = &self.shared.settings.directory;
        let aside = open::set_part_aside(self.shared.disk.as_ref(), directory, &taken.entry, reason);
        tracing::error!(name: "store.part.set_aside", reason, file.path = %aside.path.display(), "its rows are missing from answers");
        self.shared.ledger.add(STAGE, "file", Outcome::Quarantined, "", 1);
        self.shared.gone().push(taken.entry.key());
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Shared {
    pub(crate) fn seal_after(&self) -> Duration {
        Duration::from_nanos(self.seal_after.load(Ordering::Relaxed))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gone(&self) -> MutexGuard<'_, Vec<String>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pressure(&self, state: &State) -> Pressure {
        let (max_rows, max_bytes) = (self.settings.hot_max_rows, self.settings.hot_max_bytes);
        let (rows, bytes) = (state.tail.rows(), state.tail.bytes());
        let (held_rows, held_bytes) =
            state.sealing.as_ref().map_or((0, 0), |tail| (tail.rows(), tail.bytes()));
        if rows + held_rows >= max_rows.saturating_mul(2) || bytes + held_bytes >= max_bytes.saturating_mul(2)
        {
            Pressure::Full
        } else if rows >= max_rows || bytes >= max_bytes {
            Pressure::SealDue
        } else {
            Pressure::Calm
        }
    }
}

impl State {
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        if let Err(cause) = self.tail.flush() {
            tracing::error!(name: "store.tail.unflushed", error = %cause, "the newest rows cannot be shown");
        }
        let mut snapshot = Snapshot::default();
        for table in Table::ALL {
            let sealing = self.sealing.as_ref().map(|tail| tail.batches(table)).unwrap_or_default();
            let hot = sealing.iter().chain(self.tail.batches(table)).cloned().collect();
            let parts = self.parts.get(&table).into_iter().flatten();
            snapshot.set(table, hot, parts.map(|stored| Arc::clone(&stored.part)).collect());
        }
        snapshot
    }

    /// Keeps the filters of the newest parts in memory, as far as the budget goes.
    pub(crate) fn keep_blooms_within(&mut self, budget: usize) {
        let mut newest: Vec<&mut Arc<Stored>> = self.parts.values_mut().flatten().collect();
        newest.sort_by(|one, two| two.part.id.cmp(&one.part.id));
        let mut used = 0_usize;
        for stored in newest {
            used = used.saturating_add(stored.bloom.as_ref().map_or(0, |bloom| bloom.bytes()));
            if used > budget && stored.bloom.is_some() {
                Arc::make_mut(stored).bloom = None;
            }
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
