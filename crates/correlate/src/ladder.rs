//! By which rung a connection and a span agree, and which connection a span belongs to.

use std::net::IpAddr;

use fanlight_model::{Endpoint, LinkState, LocalEndpoint, Rung, ServiceId, Timestamp};

use crate::association::{Associations, Known, Subject};
use crate::block::{Candidate, Lesson};
use crate::confidence::{ASSERT, Place, WORTH_A_ROW, likelihood, posterior};
use crate::evict::Traces;

/// Candidate rows written for one span that cannot be decided: enough for a person to see between what.
const ROWS: usize = 4;

/// What is asked: the keys of one span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) start: Timestamp,
    pub(crate) service: ServiceId,
    pub(crate) local: LocalEndpoint,
    /// Rivals that were given up for the budget: then only what excludes any rival is asserted.
    pub(crate) forgotten: Option<Traces>,
}

/// One connection that may be the span's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighed {
    candidate: Candidate,
    place: Place,
    address: Half,
    port: Half,
    declared: bool,
    rung: Rung,
    weight: f64,
}

/// One connection, weighed against the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) slot: u32,
    pub(crate) rung: Rung,
    pub(crate) confidence: f64,
    pub(crate) runner_up: f64,
    pub(crate) outside_ns: i64,
    pub(crate) state: LinkState,
}

/// How one half of the server's endpoint compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Agrees,
    Unknown,
    Disagrees,
}

impl Question {
    /// What a lesson of this span would be about. A span that tells its port teaches nothing, nor does an unknown service, nor one
    /// whose endpoints the operator has declared.
    pub(crate) fn subject(&self, associations: &Associations) -> Option<Subject> {
        let silent = self.local.port.is_none()
            && self.service != ServiceId::UNKNOWN
            && associations.declared(self.service).is_empty();
        silent.then_some((self.service, self.local.address))
    }

    /// Collects the connections that may be the span's: near enough in time, and disagreeing in no half that is known.
    pub(crate) fn weigh(
        &self,
        candidates: &[Candidate],
        associations: &Associations,
        into: &mut Vec<Weighed>,
    ) {
        into.clear();
        let declared = associations.declared(self.service);
        for candidate in candidates {
            let Some(place) = candidate.place(self.start) else { continue };
            let address = address_half(self.local.address, candidate.server_address);
            let port = port_half(self.local.port, candidate.server_port);
            let is_declared = candidate.server().is_some_and(|server| declared.contains(&server));
            let disagrees = address == Half::Disagrees || port == Half::Disagrees;
            if is_declared || !disagrees {
                into.push(Weighed {
                    candidate: *candidate,
                    place,
                    address,
                    port,
                    declared: is_declared,
                    rung: Rung::R3b,
                    weight: 0.0,
                });
            }
        }
    }

    /// What the span teaches of its service: it must lie inside a connection, and all that it may belong to must have one server
    /// (at its own address, where it tells one).
    pub(crate) fn lesson(&self, weighed: &[Weighed]) -> Option<Lesson> {
        let server = only_server(weighed)?;
        let at_own_address = |one: &Weighed| self.local.address.is_none() || one.address == Half::Agrees;
        let inside = weighed.iter().rev().find(|one| one.place.is_firm())?;
        let excludes_forgotten = self
            .forgotten
            .is_none_or(|them| them.are_past(self.start) && them.are_older_than(inside.candidate.begin));
        let teaches = excludes_forgotten && weighed.iter().all(at_own_address);
        teaches.then_some(Lesson { slot: inside.candidate.slot, server })
    }

    /// Decides: best first, and asserted or not. True when the answer hangs on what is known of the subject.
    pub(crate) fn decide(
        &self,
        subject: Option<Subject>,
        associations: &Associations,
        weighed: &mut Vec<Weighed>,
        scored: &mut Vec<Scored>,
    ) -> bool {
        scored.clear();
        if weighed.is_empty() {
            return false;
        }
        let hangs = subject.is_some() && !stands_alone(weighed);
        let known = subject.map_or(Known::Nothing, |subject| associations.known(subject));
        let has_declared = !associations.declared(self.service).is_empty();
        let only_server = only_server(weighed);
        weighed.retain_mut(|one| match self.rung(one, subject, known, has_declared, only_server) {
            Some(rung) => {
                one.rung = rung;
                true
            }
            None => false,
        });
        self.score(weighed, scored);
        hangs
    }

    /// The rung of one candidate; `None` where what is declared or learned excludes it.
    fn rung(
        &self,
        one: &Weighed,
        subject: Option<Subject>,
        known: Known,
        has_declared: bool,
        only_server: Option<Endpoint>,
    ) -> Option<Rung> {
        match (one.address, one.port) {
            (Half::Agrees, Half::Agrees) => return Some(Rung::R2),
            (Half::Agrees, Half::Unknown) if one.declared => return Some(Rung::R2),
            _ if one.declared => return Some(Rung::R3),
            (_, Half::Agrees) => return Some(Rung::R3),
            _ => {}
        }
        let Some(server) = one.candidate.server() else { return Some(Rung::R3b) };
        if has_declared && self.local.port.is_none() {
            return None;
        }
        let Some((_, own_address)) = subject else { return Some(Rung::R3b) };
        let at_own_address = one.address == Half::Agrees;
        match (own_address, known) {
            (Some(_), Known::One(learned)) if at_own_address => (learned == server).then_some(Rung::R2),
            (Some(_), Known::Nothing) if at_own_address && only_server.is_some() => Some(Rung::R2),
            (None, Known::One(learned)) if learned == server => Some(Rung::R3),
            _ => Some(Rung::R3b),
        }
    }

    /// Weighs the candidates against each other. One that firmly holds the span by the best rung puts the lower rungs and the ones
    /// outside behind it; among equals the later start comes first, and whether it is asserted is the formula's to say.
    fn score(&self, weighed: &mut [Weighed], scored: &mut Vec<Scored>) {
        let Some(best_rung) = weighed.iter().map(|one| one.rung).min() else { return };
        let is_in_front = |one: &Weighed| one.rung == best_rung && one.place.is_firm();
        let has_front = weighed.iter().any(is_in_front);
        let mut all = 0.0;
        for one in weighed.iter_mut() {
            let behind = has_front && (one.rung != best_rung || !one.place.is_inside());
            one.weight = likelihood(one.rung, one.place, behind);
            all += one.weight;
        }
        weighed.sort_by(|a, b| {
            let by_weight = b.weight.total_cmp(&a.weight);
            let later = b.candidate.begin.cmp(&a.candidate.begin);
            by_weight.then(later).then(a.candidate.event_uid.cmp(&b.candidate.event_uid))
        });
        let runner_up = weighed.get(1).map_or(0.0, |second| posterior(second.weight, all));
        let confidence = weighed.first().map_or(0.0, |first| posterior(first.weight, all));
        let trusted = weighed.first().is_some_and(|first| self.excludes_forgotten(first));
        let asserted = confidence >= ASSERT && trusted;
        for (number, one) in weighed.iter().take(if asserted { 1 } else { ROWS }).enumerate() {
            let own = posterior(one.weight, all);
            if own >= WORTH_A_ROW {
                scored.push(Scored {
                    slot: one.candidate.slot,
                    rung: one.rung,
                    confidence: own,
                    runner_up: if number == 0 { runner_up } else { confidence },
                    outside_ns: one.place.outside_ns,
                    state: if asserted { LinkState::Asserted } else { LinkState::Candidate },
                });
            }
        }
    }

    /// What was given up for the budget cannot be in this one's way: it did not close it, and it was over by then, or had another
    /// 4-tuple or an earlier life.
    fn excludes_forgotten(&self, one: &Weighed) -> bool {
        let whole = one.address == Half::Agrees && one.port == Half::Agrees && one.place.is_firm();
        self.forgotten.is_none_or(|them| {
            them.are_older_than(one.candidate.begin) && (whole || them.are_past(self.start))
        })
    }
}

/// A local address agrees or disagrees, but loopback is every machine's own: elsewhere it tells nothing.
fn address_half(local: Option<IpAddr>, server: Option<IpAddr>) -> Half {
    match (local, server) {
        (Some(local), Some(server)) if local == server => Half::Agrees,
        (Some(local), Some(_)) if !local.is_loopback() => Half::Disagrees,
        _ => Half::Unknown,
    }
}

fn port_half(local: Option<u16>, server: Option<u16>) -> Half {
    match (local, server) {
        (Some(local), Some(server)) if local == server => Half::Agrees,
        (Some(_), Some(_)) => Half::Disagrees,
        _ => Half::Unknown,
    }
}

/// The one server that all candidates reach.
fn only_server(weighed: &[Weighed]) -> Option<Endpoint> {
    let server = weighed.first()?.candidate.server()?;
    weighed.iter().all(|one| one.candidate.server() == Some(server)).then_some(server)
}

/// It is then R3b at the least, which suffices, and its own lesson keeps anything learned from excluding it.
fn stands_alone(weighed: &[Weighed]) -> bool {
    matches!(weighed, [one] if one.place.is_firm())
}
