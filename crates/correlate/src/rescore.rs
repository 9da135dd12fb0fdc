//! Deciding spans, for the first time or anew, and telling what changed.

use std::sync::Arc;

use fanlight_model::{Endpoint, Link, LinkState, Relation, Timestamp, link_id};

use crate::association::{Associations, Subject};
use crate::block::{Candidate, Held, Pair};
use crate::connection::Connections;
use crate::correlator::Correlator;
use crate::decision::{Decision, Linked};
use crate::evict::{Forgotten, Traces};
use crate::ladder::{Question, Scored, Weighed};

/// A change of confidence below this is not worth a new revision: a living connection's rises with each sign of life.
const WORTH_TELLING: f32 = 0.005;

/// As for confidence: a millisecond, the resolution of the stamps.
const WORTH_TELLING_MS: f32 = 1.0;

/// Buffers that live as long as the join, so that a hit allocates nothing for itself.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    weighed: Vec<Weighed>,
    scored: Vec<Scored>,
    /// Subjects of which more, or less, is known than before.
    pub(crate) changed: Vec<Subject>,
}

/// What deciding a span needs beside its block.
pub(crate) struct Judge<'a> {
    pub(crate) associations: &'a mut Associations,
    pub(crate) forgotten: &'a Forgotten,
    pub(crate) scratch: &'a mut Scratch,
    /// When the deciding record came.
    pub(crate) now: Timestamp,
}

impl Held {
    pub(crate) fn question(&self, forgotten: Option<Traces>) -> Question {
        Question { start: self.start, service: self.service, local: self.local, forgotten }
    }
}

impl Judge<'_> {
    /// Decides one span against the connections of its block, and marks what has to be told.
    pub(crate) fn judge(&mut self, peer: Endpoint, candidates: &[Candidate], held: &mut Held) {
        let question = held.question(self.forgotten.traces_of(&peer));
        let Scratch { weighed, scored, changed } = &mut *self.scratch;
        question.weigh(candidates, self.associations, weighed);
        let subject = question.subject(self.associations);
        let lesson = subject.and_then(|_| question.lesson(weighed));
        if let Some(subject) = subject.filter(|_| lesson != held.lesson) {
            let before = self.associations.known(subject);
            if let Some(lesson) = lesson {
                self.associations.learn(subject, lesson);
            }
            if let Some(lesson) = held.lesson {
                self.associations.unlearn(subject, lesson);
            }
            held.lesson = lesson;
            if self.associations.known(subject) != before {
                changed.push(subject);
            }
        }
        let waits = question.decide(subject, self.associations, weighed, scored);
        if let Some(subject) = subject.filter(|_| waits != held.waits) {
            self.associations.wait(subject, peer, waits);
            held.waits = waits;
        }
        held.settle(scored, self.now);
    }
}

impl Held {
    /// Brings the pairs in line with what was decided.
    fn settle(&mut self, scored: &[Scored], now: Timestamp) {
        let late_by_ms = millis(now.nanos_since(self.arrival).max(0));
        let dropped_to = match scored.first().map(|best| best.state) {
            Some(LinkState::Asserted) => LinkState::Superseded,
            _ => LinkState::Retracted,
        };
        for pair in self.pairs_mut() {
            if scored.iter().all(|one| one.slot != pair.slot) {
                pair.state = dropped_to;
                pair.first = false;
                pair.untold = true;
            }
        }
        for one in scored {
            let decided = one.as_pair(late_by_ms);
            if let Some(pair) = self.pair_with(one.slot) {
                pair.update(decided);
            } else {
                self.push_pair(decided);
            }
        }
    }

    /// Tells what is untold, all at one new revision, and lets go of what is over.
    pub(crate) fn tell(
        &mut self,
        peer: Endpoint,
        connections: &Connections,
        now: Timestamp,
        out: &mut Vec<Decision>,
    ) {
        if !self.pairs().any(|pair| pair.untold) {
            return;
        }
        self.revision = self.revision.saturating_add(1);
        for pair in self.pairs().filter(|pair| pair.untold) {
            self.tell_pair(pair, peer, connections, now, out);
        }
        self.was_asserted |= self.asserted().is_some();
        let is_over = |pair: &Pair| matches!(pair.state, LinkState::Superseded | LinkState::Retracted);
        self.rivals.retain(|pair| !is_over(pair));
        if self.pair.as_ref().is_some_and(is_over) {
            self.pair = self.rivals.pop();
        }
        for pair in self.pairs_mut() {
            pair.untold = false;
        }
    }

    /// Tells one pair at the present revision.
    pub(crate) fn tell_pair(
        &self,
        pair: &Pair,
        peer: Endpoint,
        connections: &Connections,
        now: Timestamp,
        out: &mut Vec<Decision>,
    ) {
        let Some(connection) = connections.get(pair.slot) else { return };
        let event_uid = connection.event_uid;
        let link = Link {
            link_id: link_id(self.trace_id, self.span_id, event_uid),
            trace_id: self.trace_id,
            span_id: self.span_id,
            event_uid,
            rung: pair.rung,
            relation: Relation::SameConnection,
            confidence: rounded(pair.confidence, 1e6),
            runner_up: rounded(pair.runner_up, 1e6),
            residual_ms: rounded(pair.residual_ms, 1e3),
            late_by_ms: rounded(pair.late_by_ms, 1e3),
            state: pair.state,
            revision: u64::from(self.revision),
            decided_time: now,
            first_on_connection: pair.first,
        };
        out.push(Decision::Link(Linked {
            link,
            event: Arc::new(connection.event(&connections.names)),
            probe: self.probe(peer),
            is_first_assertion: pair.state == LinkState::Asserted && !self.was_asserted,
        }));
    }
}

impl Scored {
    #[expect(clippy::cast_possible_truncation, reason = "a probability to seven digits")]
    fn as_pair(&self, late_by_ms: f32) -> Pair {
        Pair {
            slot: self.slot,
            confidence: self.confidence as f32,
            runner_up: self.runner_up as f32,
            residual_ms: millis(self.outside_ns),
            late_by_ms,
            rung: self.rung,
            state: self.state,
            first: false,
            untold: true,
        }
    }
}

impl Pair {
    /// Takes over what was decided now, where it differs enough to be told. A link is as late as its first assertion was.
    fn update(&mut self, decided: Self) {
        let differs = self.state != decided.state
            || self.rung != decided.rung
            || (self.confidence - decided.confidence).abs() > WORTH_TELLING
            || (self.runner_up - decided.runner_up).abs() > WORTH_TELLING
            || (self.residual_ms - decided.residual_ms).abs() >= WORTH_TELLING_MS;
        if differs {
            let newly_asserted = self.state != decided.state && decided.state == LinkState::Asserted;
            let late_by_ms = if newly_asserted { decided.late_by_ms } else { self.late_by_ms };
            let first = self.first && decided.state == LinkState::Asserted;
            *self = Self { late_by_ms, first, ..decided };
        }
    }
}

impl Correlator {
    /// Decides anew all spans of a block that start at `from` or later, and tells what changed.
    pub(crate) fn rescore(
        &mut self,
        peer: Endpoint,
        from: Timestamp,
        now: Timestamp,
        out: &mut Vec<Decision>,
    ) {
        let Some(block) = self.blocks.get_mut(&peer) else { return };
        let mut judge = Judge {
            associations: &mut self.associations,
            forgotten: &self.forgotten,
            scratch: &mut self.scratch,
            now,
        };
        let first = block.held.partition_point(|held| held.start < from);
        for held in block.held.iter_mut().skip(first) {
            let before = held.bytes();
            judge.judge(peer, &block.candidates, held);
            self.bytes = (self.bytes + held.bytes()).saturating_sub(before);
        }
        block.mark_firsts();
        for held in &mut block.held {
            held.tell(peer, &self.connections, now, out);
        }
    }

    /// Decides anew the spans that waited for what has become known, or disputed.
    /// INVARIANT: lessons do not depend on what is known, so this brings no further change.
    pub(crate) fn rescore_waiting(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        for subject in std::mem::take(&mut self.scratch.changed) {
            for peer in self.associations.waiting(subject) {
                self.rescore(peer, Timestamp::MIN, now, out);
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "milliseconds below an hour, to the microsecond where it matters"
)]
fn millis(nanos: i64) -> f32 {
    (nanos as f64 / 1e6) as f32
}

/// Without the digits that a 32-bit number does not have.
fn rounded(number: f32, per_unit: f64) -> f64 {
    (f64::from(number) * per_unit).round() / per_unit
}
