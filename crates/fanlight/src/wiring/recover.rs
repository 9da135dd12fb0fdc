//! What a start does before it listens: opens what is on disk, and replays the log.

use std::ops::ControlFlow;
use std::sync::Arc;

use fanlight_correlate::{Correlator, Declared};
use fanlight_export::Exporter;
use fanlight_identity::PrincipalNamer;
use fanlight_intake::Decoder;
use fanlight_log::{Disk, Position, Segments};
use fanlight_model::ServiceId;
use fanlight_runtime::{Clock, Ledger};
use fanlight_store::Store;

use super::LOG_FILE_BYTES;
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

/// Runs on a thread for blocking work: it reads files and works through them.
pub(super) async fn run(
    settings: &Settings,
    folder: &DataFolder,
    disk: &Arc<dyn Disk>,
    namer: PrincipalNamer,
    exporter: Option<Exporter>,
    clock: &Clock,
    ledger: &Ledger,
) -> Result<Recovered, Failure> {
    let store_settings = store_settings(settings, folder);
    let correlate = correlate_settings(settings);
    let kept = settings.log_kept_bytes;
    let (folder, disk, clock, ledger) = (folder.clone(), Arc::clone(disk), clock.clone(), ledger.clone());
    let work = move || -> Result<Recovered, Failure> {
        let (mut segments, log_report) = Segments::open_with_quarantine(
            &folder.log(),
            &folder.quarantine(),
            LOG_FILE_BYTES,
            Arc::clone(&disk),
        )?;
        let (store, store_report) = Store::open(store_settings, clock, ledger.clone(), disk)?;
        segments.continue_after(store.committed());
        if let Some(position) = exporter.as_ref().and_then(Exporter::last_position) {
            segments.continue_after(position);
        }
        let limits = fanlight_intake::Settings::default();
        // What is replayed was counted when it came: its counts go nowhere.
        let decoder = Decoder::new(limits.limits, limits.max_line_bytes, namer, Ledger::default());
        let mut pipeline = Pipeline::new(
            decoder,
            Correlator::new(correlate),
            store.clone(),
            exporter,
            Retention::new(kept),
            Ledger::default(),
        );
        let mut failure = None;
        let mut frames: u64 = 0;
        segments.replay(Position::START, &mut |position, frame| {
            frames += 1;
            pipeline.apply(position, &frame, None);
            match store.seal_if_due() {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        pipeline.go_live(ledger);
        let mut report = Vec::new();
        if frames > 0 {
            report.push(format!(
                "read {frames} frames of the log back, {} rows are in parts",
                store_report.rows
            ));
        }
        if log_report.torn_bytes > 0 {
            report.push(format!(
                "cut {} bytes of an unfinished write from the log's end",
                log_report.torn_bytes
            ));
        }
        let damaged = log_report.quarantined.iter().map(|found| (&found.path, &found.reason));
        for (path, reason) in damaged {
            report.push(format!("put aside in `quarantine`: `{}`, because {reason}", path.display()));
        }
        for found in &store_report.quarantined {
            report.push(format!(
                "put aside in `quarantine`: `{}`, because {}",
                found.path.display(),
                found.reason
            ));
        }
        Ok(Recovered { segments, store, pipeline, report: report.join("\n") })
    };
    fanlight_runtime::spawn_blocking("recover", work).await?
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
        ..fanlight_correlate::Settings::default()
    }
}

fn declared(association: &Association) -> Declared {
    let service: ServiceId =
        fanlight_intake::service_id(&association.namespace, &association.service, &association.environment);
    Declared { service, server: association.server }
}
