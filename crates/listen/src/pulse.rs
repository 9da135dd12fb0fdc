//! How one HTTP connection is getting on: since when it is idle, in a header, or not taking what it was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::settings::Limits;

/// Requests that a peer may give up before their answers, beyond those that it lets be answered. A sender gives one up when it
/// ends or its own deadline passes; who does little else makes work for the sake of it.
const MAX_ABANDONED: u32 = 100;

/// The state of one connection; its requests hold tickets.
#[derive(Debug)]
pub(crate) struct Pulse {
    limits: Limits,
    state: Mutex<State>,
    /// A deadline has come nearer.
    pub(crate) nearer: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: u32,
    next: u64,
    /// Answers of which the peer was given something, and since when they were not asked for more.
    given: BTreeMap<u64, Instant>,
    /// When the first byte of a header came.
    header: Option<Instant>,
    idle: Instant,
    abandoned: u32,
}

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// No request for too long; nothing is wrong with that.
    Idle,
    /// A header that does not end.
    Header,
    /// An answer that is not taken.
    Stalled,
    /// Requests that are made to be given up.
    Abandoning,
}

impl Overdue {
    /// The word that counters use.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Header => "slow_header",
            Self::Stalled => "slow_reader",
            Self::Abandoning => "too_many_resets",
        }
    }
}

/// One request, from its header to the end of its answer.
#[derive(Debug)]
pub(crate) struct Ticket {
    pulse: Arc<Pulse>,
    number: u64,
    is_finished: bool,
}

impl Pulse {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let state = State {
            in_flight: 0,
            next: 0,
            given: BTreeMap::new(),
            header: None,
            idle: Instant::now(),
            abandoned: 0,
        };
        Arc::new(Self { limits: *limits, state: Mutex::new(state), nearer: Notify::new() })
    }

    /// Bytes were read. Between requests they are the beginning of a header.
    pub(crate) fn read_some(&self) {
        let mut state = self.state();
        if state.in_flight == 0 && state.header.is_none() {
            state.header = Some(Instant::now());
            drop(state);
            self.nearer.notify_one();
        }
    }

    /// A header is whole.
    pub(crate) fn begin(self: &Arc<Self>) -> Ticket {
        let mut state = self.state();
        state.in_flight += 1;
        state.header = None;
        state.next += 1;
        Ticket { pulse: Arc::clone(self), number: state.next, is_finished: false }
    }

    /// When to look again, or what is overdue.
    pub(crate) fn next_look(&self) -> Result<Instant, Overdue> {
        let now = Instant::now();
        let state = self.state();
        if state.abandoned > MAX_ABANDONED {
            return Err(Overdue::Abandoning);
        }
        let mut next = now + self.limits.idle;
        let mut check = |since: Option<Instant>, within, overdue| match since.map(|since| since + within) {
            Some(end) if end <= now => Err(overdue),
            Some(end) => {
                next = next.min(end);
                Ok(())
            }
            None => Ok(()),
        };
        check(state.header, self.limits.header, Overdue::Header)?;
        check((state.in_flight == 0).then_some(state.idle), self.limits.idle, Overdue::Idle)?;
        check(state.given.values().min().copied(), self.limits.stall, Overdue::Stalled)?;
        Ok(next)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The peer was given a piece of the answer.
    pub(crate) fn gave(&self) {
        self.pulse.state().given.insert(self.number, Instant::now());
    }

    /// There is room for more.
    pub(crate) fn is_asked(&self) {
        self.pulse.state().given.remove(&self.number);
    }

    /// The answer is whole.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.idle = Instant::now();
        state.given.remove(&self.number);
        state.abandoned = match self.is_finished {
            true => state.abandoned.saturating_sub(1),
            false => state.abandoned.saturating_add(1),
        };
        let is_abandoning = state.abandoned > MAX_ABANDONED;
        drop(state);
        if is_abandoning {
            self.pulse.nearer.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_overdue_by_what_it_is_doing() {
        let pulse = Pulse::new(&Limits::DEFAULT);
        advance(seconds(59)).await;
        assert_eq!(pulse.next_look(), Ok(Instant::now() + seconds(1)));
        advance(seconds(1)).await;
        assert_eq!(pulse.next_look(), Err(Overdue::Idle));
        pulse.read_some();
        assert_eq!(pulse.next_look(), Err(Overdue::Idle), "a first byte alone is no request");

        let pulse = Pulse::new(&Limits::DEFAULT);
        pulse.read_some();
        advance(seconds(9)).await;
        pulse.read_some();
        assert_eq!(pulse.next_look(), Ok(Instant::now() + seconds(1)), "more of it moves no deadline");
        advance(seconds(1)).await;
        assert_eq!(pulse.next_look(), Err(Overdue::Header));
        let mut ticket = pulse.begin();
        advance(seconds(3_600)).await;
        assert!(pulse.next_look().is_ok(), "our own time is not the peer's");
        ticket.gave();
        advance(seconds(29)).await;
        ticket.is_asked();
        advance(seconds(100)).await;
        assert!(pulse.next_look().is_ok());
        ticket.gave();
        advance(seconds(30)).await;
        assert_eq!(pulse.next_look(), Err(Overdue::Stalled));
        ticket.finish();
        drop(ticket);
        assert_eq!(pulse.next_look(), Ok(Instant::now() + seconds(60)));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_pay_for_what_is_given_up() {
        let pulse = Pulse::new(&Limits::DEFAULT);
        for _ in 0..10 * MAX_ABANDONED {
            drop(pulse.begin());
            pulse.begin().finish();
        }
        assert!(pulse.next_look().is_ok());
        (0..MAX_ABANDONED).for_each(|_| drop(pulse.begin()));
        assert!(pulse.next_look().is_ok());
        drop(pulse.begin());
        assert_eq!(pulse.next_look(), Err(Overdue::Abandoning));
    }
}
