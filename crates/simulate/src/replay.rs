//! Sends a written company to a running server, over the real protocols.
//!
//! Bytes go as they lie in the folder: OTLP requests by `POST /v1/traces` or gRPC, each acknowledged; ZPA's and ZIA's feeds over
//! one connection a stream, or pushed in batches where no receiver for streams is named; access logs of proxies pushed.
//!
//! The streams are merged by the time of arrival. At [`Speed::Times`] the company's time runs so many times as fast as the
//! clock; at [`Speed::Max`] as fast as the server takes it. At either, no piece goes out that arrives more than 30 seconds of the
//! company's time after one that is still on its way, so that no stream runs ahead of another.
//!
//! How far each stream came is kept in `replay.json`; the next replay goes on from there. Each piece gets there at least once:
//! what was acknowledged never again, what a connection lost while it was written once more.
//!
//! ```no_run
//! # async fn send() -> Result<(), fanlight_simulate::replay::ReplayError> {
//! use fanlight_model::Feed;
//! use fanlight_runtime::{Clock, Shutdown};
//! use fanlight_simulate::replay::{OtlpTarget, ReplaySettings, Speed, replay};
//!
//! let mut settings = ReplaySettings::new("company".into());
//! settings.speed = Speed::Times(60.0);
//! settings.targets.otlp = Some(OtlpTarget::Http("http://127.0.0.1:4318".to_owned()));
//! settings.targets.api = Some("http://127.0.0.1:8080".to_owned());
//! settings.targets.streams.insert(Feed::ZpaUserActivity, "127.0.0.1:9015".to_owned());
//! let summary = replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await?;
//! assert!(summary.is_complete);
//! # Ok(())
//! # }
//! ```

mod cursor;
mod error;
mod otlp;
mod pace;
mod plan;
mod post;
mod push;
mod settings;
mod state;
mod stream;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, Shutdown, spawn, spawn_blocking};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use cursor::{Chunk, Merged};
use pace::{HandOut, Pacer, Skew};
use plan::{Plan, Route};
use post::{Door, Lane};
use state::{Position, StateFile, Tally};

pub use error::ReplayError;
pub use settings::{OtlpTarget, ReplaySettings, Speed, Targets};

/// How far, in the company's time, a piece may run ahead of one that is still on its way.
const SKEW: Duration = Duration::from_secs(30);
/// Chunks that are read ahead of the one that is due, over all streams.
const LOOK_AHEAD: usize = 64;
/// Chunks of one stream that wait for its receiver.
const LANE_CHUNKS: usize = 8;
/// How often the state is written and progress told.
const TICK: Duration = Duration::from_secs(1);

/// How far it is, told every second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayProgress {
    /// The company's time; 1970 before the first piece.
    pub time: Timestamp,
    /// How far the company's time is behind the clock's, at a speed: the receivers do not keep up.
    pub behind: Duration,
    /// Pieces that are there, those of earlier replays too.
    pub pieces: u64,
    /// All pieces.
    pub of_pieces: u64,
    /// Bytes sent by this replay.
    pub bytes: u64,
    /// Requests acknowledged in this replay.
    pub requests: u64,
    /// Tries that were not the first.
    pub retries: u64,
    /// Spans in acknowledged requests that the receiver said it does not keep.
    pub rejected_spans: u64,
}

/// What a replay came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplaySummary {
    /// Each stream that holds anything.
    pub streams: Vec<StreamSummary>,
    /// The last word on it.
    pub progress: ReplayProgress,
    /// False where it was stopped: the next replay goes on from there.
    pub is_complete: bool,
}

/// What came of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSummary {
    /// The stream's name.
    pub name: String,
    /// Its pieces.
    pub pieces: u64,
    /// Those that earlier replays had sent.
    pub already: u64,
    /// Those that this one sent.
    pub sent: u64,
}

/// Sends a folder. The shutdown stops it in order; so does dropping the future, and both leave the state for the next one.
pub async fn replay(
    settings: &ReplaySettings,
    clock: Clock,
    shutdown: Shutdown,
    mut progress: impl FnMut(ReplayProgress),
) -> Result<ReplaySummary, ReplayError> {
    if let Speed::Times(times) = settings.speed
        && !(times.is_finite() && times > 0.0)
    {
        return Err(ReplayError::BadSpeed(times));
    }
    let plan = Plan::read(settings)?;
    let state_path = settings.state_file.clone().unwrap_or_else(|| settings.folder.join("replay.json"));
    let before = if settings.restart {
        vec![Position::default(); plan.streams.len()]
    } else {
        state::read(&state_path, &plan)?
    };
    let tally = Arc::new(Tally::new(before.clone()));
    let doors = plan.streams.iter().map(|stream| door(&stream.route, &settings.targets));
    let doors = doors.collect::<Result<Vec<_>, _>>()?;
    // Dropped after the lanes, so that it holds all that they did.
    let state = StateFile::new(state_path, &plan, Arc::clone(&tally));
    state.save()?;
    let (mut lanes, queues) = start_lanes(&plan, doors, settings, &tally, &shutdown);
    let plan = Arc::new(plan);
    let hand_out = HandOut {
        ahead: read_ahead(&plan, before.clone(), settings.speed),
        lanes: queues,
        pacer: Pacer::new(settings.speed),
        skew: Skew::new(plan.streams.len()),
        tally: Arc::clone(&tally),
        clock,
    };
    let mut handing = pin!(hand_out.run(&shutdown));
    let (mut is_handed, mut tick) = (false, tokio::time::interval(TICK));
    while !(is_handed && lanes.is_empty()) {
        tokio::select! {
            handed = &mut handing, if !is_handed => { handed?; is_handed = true; }
            Some(ended) = lanes.next(), if !lanes.is_empty() => ended?,
            _ = tick.tick() => { state.save()?; progress(told(&plan, &tally)); }
        }
    }
    state.save()?;
    let summary = summary(&plan, &before, &tally);
    progress(summary.progress);
    if !summary.is_complete && !shutdown.is_begun() {
        return Err(ReplayError::TaskEnded("reading the folder".to_owned()));
    }
    Ok(summary)
}

/// A task a stream, and the way to it.
fn start_lanes(
    plan: &Plan,
    doors: Vec<Option<Door>>,
    settings: &ReplaySettings,
    tally: &Arc<Tally>,
    shutdown: &Shutdown,
) -> (FuturesUnordered<LaneTask>, Vec<mpsc::Sender<Chunk>>) {
    let (lanes, mut queues) = (FuturesUnordered::new(), Vec::new());
    for (stream, door) in plan.streams.iter().zip(doors) {
        let (queue, chunks) = mpsc::channel(LANE_CHUNKS);
        queues.push(queue);
        let (name, tally, shutdown) = (stream.name.clone(), Arc::clone(tally), shutdown.clone());
        let lane = Lane { name: name.clone(), queue: chunks, tally, shutdown, tries: settings.tries.max(1) };
        let task = match (door, &stream.route) {
            (None, Route::Stream { address }) => spawn("replay.stream", stream::run(lane, address.clone())),
            (None, _) => continue,
            (Some(door), Route::Push { .. }) => spawn("replay.push", post::run(lane, door, 1)),
            (Some(door), _) => spawn("replay.otlp", post::run(lane, door, settings.otlp_in_flight.max(1))),
        };
        lanes.push(LaneTask { name, task });
    }
    (lanes, queues)
}

fn door(route: &Route, targets: &Targets) -> Result<Option<Door>, ReplayError> {
    let Targets { otlp_token, push_token, .. } = targets;
    Ok(match route {
        Route::OtlpHttp { url } => Some(otlp::http(url, otlp_token.as_deref())?),
        Route::OtlpGrpc { url } => Some(otlp::grpc(url, otlp_token.as_deref())?),
        Route::Push { url } => Some(push::door(url, push_token.as_deref())?),
        Route::Stream { .. } => None,
    })
}

/// Reads and merges on a thread of its own, a bounded number of chunks ahead; it ends when nobody takes them any more.
fn read_ahead(
    plan: &Arc<Plan>,
    positions: Vec<Position>,
    speed: Speed,
) -> mpsc::Receiver<Result<Chunk, ReplayError>> {
    let (queue, ahead) = mpsc::channel(LOOK_AHEAD);
    let plan = Arc::clone(plan);
    spawn_blocking("replay.read", move || {
        let mut merged = match Merged::open(&plan, &positions, pace::gather(speed)) {
            Ok(merged) => merged,
            Err(error) => {
                queue.blocking_send(Err(error)).ok();
                return;
            }
        };
        while let Some(next) = merged.next().transpose() {
            let is_last = next.is_err();
            if queue.blocking_send(next).is_err() || is_last {
                return;
            }
        }
    });
    ahead
}

fn told(plan: &Plan, tally: &Tally) -> ReplayProgress {
    ReplayProgress {
        time: tally.time(),
        behind: tally.late(),
        pieces: tally.positions().iter().map(Position::count).sum(),
        of_pieces: plan.streams.iter().map(|stream| stream.pieces).sum(),
        bytes: tally.bytes(),
        requests: tally.requests(),
        retries: tally.retries(),
        rejected_spans: tally.rejected(),
    }
}

fn summary(plan: &Plan, before: &[Position], tally: &Tally) -> ReplaySummary {
    let progress = told(plan, tally);
    let now = tally.positions();
    let streams = plan.streams.iter().zip(before).zip(now.iter()).map(|((stream, before), now)| {
        let (name, pieces, already) = (stream.name.clone(), stream.pieces, before.count());
        StreamSummary { name, pieces, already, sent: now.count() - already }
    });
    let is_complete = progress.pieces == progress.of_pieces;
    ReplaySummary { streams: streams.collect(), progress, is_complete }
}

/// A lane's task, which ends with whoever waits for it.
#[derive(Debug)]
struct LaneTask {
    name: String,
    task: JoinHandle<Result<(), ReplayError>>,
}

impl Future for LaneTask {
    type Output = Result<(), ReplayError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = std::task::ready!(Pin::new(&mut self.task).poll(context));
        Poll::Ready(ended.unwrap_or_else(|_| Err(ReplayError::TaskEnded(format!("stream `{}`", self.name)))))
    }
}

impl Drop for LaneTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}
