//! Where a service listens: declared by the operator, or learned from spans with a single possible connection.
//!
//! What a span teaches depends on its block alone, never on what others taught, so the sum of all lessons does not depend on
//! their order. A lesson lasts as long as its span is held: what a service no longer does is forgotten within the late limit.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use fanlight_model::{Endpoint, ServiceId};

use crate::block::Lesson;

/// Distinct connections that must agree, and none disagree, before a service is known by its endpoint although its spans
/// say nothing of their own side. A false one gets in when a true event is missing and a port is used twice at once, at most one
/// in a hundred: that twenty of them agree by chance is out of the question, and a site too small for that keeps R3b.
const AGREEING_CONNECTIONS: usize = 20;

/// Endpoints remembered for one service; a service with more is never known by one anyway.
const ENDPOINTS: usize = 64;

/// What an association is about: the port of a service at an address, or the endpoint of a service.
pub(crate) type Subject = (ServiceId, Option<IpAddr>);

/// What is known of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing yet.
    Nothing,
    /// One endpoint, undisputed.
    One(Endpoint),
    /// Lessons contradict each other.
    Disputed,
}

#[derive(Debug, Default)]
struct Learned {
    taught: Vec<(Endpoint, HashMap<u32, u32>)>,
    /// Blocks with spans that could be decided if this were known, or known to be disputed, and how many. Sorted, so that they are
    /// looked at again in the same order everywhere.
    waiting: BTreeMap<Endpoint, u32>,
}

/// All associations.
#[derive(Debug, Default)]
pub(crate) struct Associations {
    pub(crate) declared: HashMap<ServiceId, Vec<Endpoint>>,
    learned: HashMap<Subject, Learned>,
}

impl Learned {
    fn known(&self, subject: Subject) -> Known {
        match self.taught.as_slice() {
            [] => Known::Nothing,
            [(server, connections)] if subject.1.is_some() || connections.len() >= AGREEING_CONNECTIONS => {
                Known::One(*server)
            }
            [_] => Known::Nothing,
            _ => Known::Disputed,
        }
    }
}

impl Associations {
    pub(crate) fn declare(&mut self, service: ServiceId, server: Endpoint) {
        let server = Endpoint { address: server.address.to_canonical(), port: server.port };
        self.declared.entry(service).or_default().push(server);
    }

    pub(crate) fn declared(&self, service: ServiceId) -> &[Endpoint] {
        if self.declared.is_empty() {
            return &[];
        }
        self.declared.get(&service).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn known(&self, subject: Subject) -> Known {
        self.learned.get(&subject).map_or(Known::Nothing, |learned| learned.known(subject))
    }

    /// Takes a lesson in.
    pub(crate) fn learn(&mut self, subject: Subject, lesson: Lesson) {
        let learned = self.learned.entry(subject).or_default();
        if let Some((_, connections)) = learned.taught.iter_mut().find(|(server, _)| *server == lesson.server)
        {
            *connections.entry(lesson.slot).or_default() += 1;
        } else if learned.taught.len() < ENDPOINTS {
            learned.taught.push((lesson.server, HashMap::from([(lesson.slot, 1)])));
        }
    }

    /// Takes a lesson back.
    pub(crate) fn unlearn(&mut self, subject: Subject, lesson: Lesson) {
        let Some(learned) = self.learned.get_mut(&subject) else { return };
        if let Some(at) = learned.taught.iter().position(|(server, _)| *server == lesson.server)
            && let Some((_, connections)) = learned.taught.get_mut(at)
        {
            if let Some(spans) = connections.get_mut(&lesson.slot) {
                *spans -= 1;
                if *spans == 0 {
                    connections.remove(&lesson.slot);
                }
            }
            if connections.is_empty() {
                learned.taught.remove(at);
            }
        }
        self.drop_if_empty(subject);
    }

    /// Notes that a block has one more span, or one less, that waits for the subject.
    pub(crate) fn wait(&mut self, subject: Subject, block: Endpoint, waits: bool) {
        if waits {
            *self.learned.entry(subject).or_default().waiting.entry(block).or_default() += 1;
        } else if let Some(learned) = self.learned.get_mut(&subject) {
            if let Some(spans) = learned.waiting.get_mut(&block) {
                *spans -= 1;
                if *spans == 0 {
                    learned.waiting.remove(&block);
                }
            }
            self.drop_if_empty(subject);
        }
    }

    /// The blocks whose spans wait for a subject.
    pub(crate) fn waiting(&self, subject: Subject) -> Vec<Endpoint> {
        self.learned
            .get(&subject)
            .map(|learned| learned.waiting.keys().copied().collect())
            .unwrap_or_default()
    }

    fn drop_if_empty(&mut self, subject: Subject) {
        let empty = |learned: &Learned| learned.taught.is_empty() && learned.waiting.is_empty();
        if self.learned.get(&subject).is_some_and(empty) {
            self.learned.remove(&subject);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.learned.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> Endpoint {
        Endpoint { address: "192.0.2.7".parse().expect("an address"), port }
    }

    #[test]
    fn a_service_without_an_address_is_known_after_twenty_connections_that_agree() {
        let subject = (ServiceId(7), None);
        let mut associations = Associations::default();
        for slot in 0..19 {
            associations.learn(subject, Lesson { slot, server: server(443) });
            associations.learn(subject, Lesson { slot, server: server(443) });
        }
        assert_eq!(associations.known(subject), Known::Nothing);
        associations.learn(subject, Lesson { slot: 19, server: server(443) });
        assert_eq!(associations.known(subject), Known::One(server(443)));
        associations.learn(subject, Lesson { slot: 20, server: server(8_443) });
        assert_eq!(associations.known(subject), Known::Disputed);
        associations.unlearn(subject, Lesson { slot: 20, server: server(8_443) });
        assert_eq!(associations.known(subject), Known::One(server(443)));
    }

    #[test]
    fn a_port_at_an_address_is_known_at_once_and_forgotten_with_its_last_lesson() {
        let subject = (ServiceId(7), Some(server(443).address));
        let mut associations = Associations::default();
        let lesson = Lesson { slot: 3, server: server(443) };
        associations.learn(subject, lesson);
        assert_eq!(associations.known(subject), Known::One(server(443)));
        associations.unlearn(subject, lesson);
        assert_eq!((associations.known(subject), associations.len()), (Known::Nothing, 0));
    }
}
