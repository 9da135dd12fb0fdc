//! Sealing: the hot tail becomes parts, and one commit makes them visible in place of it.

use std::sync::{Arc, PoisonError};

use fanlight_log::Position;
use fanlight_model::Timestamp;

use crate::commit::{self, CHECKPOINT_EVERY, Commit, FORMAT_VERSION};
use crate::hot::Tail;
use crate::open::rows_of;
use crate::part::{PartEntry, Sealing, Stored, hour_of, write_part};
use crate::store::{Shared, State, Store};
use crate::{SCHEMA_VERSION, StoreError, Table};

/// Where the chain of commits stands.
#[derive(Debug)]
pub(crate) struct Sealer {
    pub(crate) next_sequence: u64,
    pub(crate) before: String,
}

impl Store {
    /// Seals when the hot tail is full enough or old enough. Blocks; see [`Self::seal`].
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_if_due(&self) -> Result<Option<Position>, StoreError> {
        let now = self.shared.clock.elapsed();
        let settings = &self.shared.settings;
        let is_due = {
            let state = self.shared.state();
            let is_old =
                state.tail.since.is_some_and(|since| now.saturating_sub(since) >= self.shared.seal_after());
            let is_full =
                state.tail.rows() >= settings.hot_max_rows || state.tail.bytes() >= settings.hot_max_bytes;
            is_old || is_full || state.sealing.is_some()
        };
        if is_due { self.seal() } else { Ok(None) }
    }

    /// Writes everything appended so far as parts and commits them. Blocks on the disk; appends and queries go on meanwhile and
    /// see every row exactly once. Returns the position that the log may now be cut at; `None` where nothing was appended.
    ///
    /// # Errors
    /// Where the disk refuses. Then nothing changed: the rows stay in memory, visible, and the next call tries again.
    pub fn seal(&self) -> Result<Option<Position>, StoreError> {
        let mut sealer = self.shared.sealer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((tail, position)) = self.shared.begin_seal()? else { return Ok(None) };
        let hour = hour_of(tail.first_arrival.unwrap_or(Timestamp::from_nanos(0)));
        let tables: Vec<Table> =
            Table::ALL.into_iter().filter(|table| !tail.batches(*table).is_empty()).collect();
        let sealing = Sealing { sequence: sealer.next_sequence, position, hour, tables };
        let parts = self.shared.write_parts(&sealing, &tail)?;

        let gone = self.shared.gone().clone();
        let entries: Vec<PartEntry> = parts.iter().map(|stored| stored.entry.clone()).collect();
        let commit = self.shared.commit(&sealer, &sealing, entries, gone.clone());
        let hash = commit::write(self.shared.disk.as_ref(), &self.shared.settings.directory, &commit)?;
        sealer.next_sequence += 1;
        sealer.before = hash;
        self.shared.gone().retain(|key| !gone.contains(key));
        self.shared.end_seal(parts, position);
        Ok(Some(position))
    }
}

impl Shared {
    /// Sets the rows apart that a seal is to write; appends go to a fresh tail from here on. What an earlier seal could not
    /// write comes first.
    fn begin_seal(&self) -> Result<Option<(Arc<Tail>, Position)>, StoreError> {
        let mut state = self.state();
        if state.sealing.is_none() && state.tail.position.is_some() {
            state.tail.flush().map_err(StoreError::columns(Table::Spans))?;
            state.sealing = Some(Arc::new(std::mem::take(&mut state.tail)));
        }
        let sealing = state.sealing.as_ref();
        Ok(sealing.and_then(|tail| Some((Arc::clone(tail), tail.position?))))
    }

    fn write_parts(&self, sealing: &Sealing, tail: &Tail) -> Result<Vec<Stored>, StoreError> {
        let directory = &self.settings.directory;
        let write = |table: &Table| {
            let (entry, bloom) =
                write_part(self.disk.as_ref(), directory, sealing, *table, tail.batches(*table))?;
            Ok(entry.stored(*table, directory, bloom))
        };
        sealing.tables.iter().map(write).collect()
    }

    fn commit(
        &self,
        sealer: &Sealer,
        sealing: &Sealing,
        added: Vec<PartEntry>,
        removed: Vec<String>,
    ) -> Commit {
        let state = self.state();
        let mut rows = rows_of(&state.parts);
        for entry in &added {
            match rows.iter_mut().find(|(table, _)| *table == entry.table) {
                Some((_, rows)) => *rows += entry.rows,
                None => rows.push((entry.table.clone(), entry.rows)),
            }
        }
        let is_checkpoint = sealing.sequence.is_multiple_of(CHECKPOINT_EVERY);
        let live = is_checkpoint.then(|| {
            let visible = state.parts.values().flatten().map(|stored| stored.entry.clone());
            visible.chain(added.iter().cloned()).collect()
        });
        Commit {
            format: FORMAT_VERSION,
            schema: SCHEMA_VERSION,
            sequence: sealing.sequence,
            before: sealer.before.clone(),
            file: sealing.position.file,
            offset: sealing.position.offset,
            made: self.clock.now().to_rfc3339(),
            added,
            removed,
            rows,
            rebuilt: false,
            live,
        }
    }

    /// In one step the parts appear and the rows in memory go.
    fn end_seal(&self, parts: Vec<Stored>, position: Position) {
        let mut state = self.state();
        let state: &mut State = &mut state;
        for stored in parts {
            state.parts.entry(stored.part.table).or_default().push(Arc::new(stored));
        }
        state.committed = position;
        state.sealing = None;
        state.keep_blooms_within(self.settings.bloom_bytes);
    }
}
