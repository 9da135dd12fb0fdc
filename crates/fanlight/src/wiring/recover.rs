//! What a start does before it listens: opens what is on disk, and replays the log.

use std::ops::ControlFlow;
use std::sync::Arc;

use fanlight_correlate::{Correlator, Declared};
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Decoder, FeedSettings};
use fanlight_log::{Disk, Position, Segments};
use fanlight_model::ServiceId;
use fanlight_runtime::{Clock, Ledger, Outcome};
use fanlight_store::Store;

use super::LOG_FILE_BYTES;
use super::exports::Exports;
use super::pipeline::Pipeline;
use crate::config::{Association, Settings};
use crate::folder::DataFolder;
use crate::outcome::Failure;
use crate::retention::Retention;

/// Everything that a server goes on with.
pub(super) struct Recovered {
    pub(super) segments: Segments,
    pub(super) store: Store,
    pub(super) pipeline: Pipeline,
    /// What a person should know of it; empty when there is nothing.
    pub(super) report: String,
}

/// What recovery works with, beside the settings.
pub(super) struct Tools {
    pub(super) folder: DataFolder,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) namer: PrincipalNamer,
    pub(super) exports: Exports,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
}

/// Opens and replays on a thread for blocking work: it reads files and works through them.
pub(super) async fn run(settings: &Settings, tools: Tools) -> Result<Recovered, Failure> {
    let store_settings = store_settings(settings, &tools.folder);
    let correlate = correlate_settings(settings);
    let (kept, feed_output) = (settings.log_kept_bytes, settings.feed_output.clone());
    let work = move || recover(store_settings, correlate, kept, feed_output, tools);
    fanlight_runtime::spawn_blocking("recover", work).await?
}

fn recover(
    store_settings: fanlight_store::Settings,
    correlate: fanlight_correlate::Settings,
    log_kept_bytes: u64,
    feed_output: FeedSettings,
    tools: Tools,
) -> Result<Recovered, Failure> {
    let Tools { folder, disk, namer, exports, clock, ledger } = tools;
    let (mut segments, log_report) = Segments::open_with_quarantine(
        &folder.log(),
        &folder.quarantine(),
        LOG_FILE_BYTES,
        Arc::clone(&disk),
    )?;
    let (store, store_report) = Store::open(store_settings, clock, ledger.clone(), disk)?;
    // Should the log have lost its end, what comes now must not be taken for what was committed or enqueued before.
    segments.continue_after(store.committed());
    if let Some(position) = exports.last_position() {
        segments.continue_after(position);
    }
    let intake = fanlight_intake::Settings::default();
    // What is replayed was counted when it came: its counts go nowhere.
    let decoder = Decoder::new(intake.limits, intake.max_line_bytes, namer, Ledger::default())
        .with_settings(feed_output);
    let retention = Retention::new(log_kept_bytes);
    let mut pipeline = Pipeline::new(
        decoder,
        Correlator::new(correlate),
        store.clone(),
        Some(exports),
        retention,
        Ledger::default(),
    );
    let frames = replay(&segments, &store, &mut pipeline)?;
    for outcome in [Outcome::Stored, Outcome::Duplicate] {
        ledger.forget("store", outcome);
    }
    pipeline.go_live(ledger);
    let report = report(frames, &log_report, &store_report);
    Ok(Recovered { segments, store, pipeline, report })
}

/// Runs the whole retained log through the pipeline. Frames read.
fn replay(segments: &Segments, store: &Store, pipeline: &mut Pipeline) -> Result<u64, Failure> {
    let mut frames = 0;
    segments.replay(Position::START, &mut |position, frame| {
        frames += 1;
        pipeline.apply(position, &frame, None);
        if let Err(error) = store.seal_if_due() {
            // It always starts: on a full disk the rows stay hot, and in the log.
            tracing::warn!(name: "fanlight.seal.failed", %error, "rows stay in memory and in the log until a seal succeeds");
        }
        ControlFlow::Continue(())
    })?;
    Ok(frames)
}

/// What a person should know of a start.
fn report(frames: u64, log: &fanlight_log::OpenReport, store: &fanlight_store::OpenReport) -> String {
    let mut lines = Vec::new();
    if frames > 0 {
        lines.push(format!(
            "read {frames} frames of the log back; {} rows are in {} parts",
            store.rows, store.parts
        ));
    }
    if log.torn_bytes > 0 {
        lines.push(format!("cut {} bytes of an unfinished write from the log's end", log.torn_bytes));
    }
    for found in &log.quarantined {
        lines.push(format!("put aside: `{}`, because {}", found.path.display(), found.reason));
    }
    for found in &store.quarantined {
        lines.push(format!("put aside: `{}`, because {}", found.path.display(), found.reason));
    }
    lines.join("\n")
}

fn store_settings(settings: &Settings, folder: &DataFolder) -> fanlight_store::Settings {
    fanlight_store::Settings {
        hot_max_rows: usize::try_from(settings.seal_rows).unwrap_or(usize::MAX),
        hot_max_bytes: usize::try_from(settings.hot_bytes).unwrap_or(usize::MAX),
        seal_after: settings.seal_after,
        ..fanlight_store::Settings::new(folder.path())
    }
}

fn correlate_settings(settings: &Settings) -> fanlight_correlate::Settings {
    fanlight_correlate::Settings {
        declared: settings.associations.iter().map(declared).collect(),
        budget_bytes: settings.correlate_bytes,
    }
}

pub(super) fn declared(association: &Association) -> Declared {
    let service: ServiceId =
        fanlight_intake::service_id(&association.namespace, &association.service, &association.environment);
    Declared { service, server: association.server }
}
