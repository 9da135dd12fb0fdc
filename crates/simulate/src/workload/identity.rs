//! A machine calls its app over its pool of connections; beacons ask the same thing every ten seconds.

use super::queue::Happening;
use super::visit::status;
use crate::company::Company;
use crate::journey::Ask;

const USER_AGENT: &str = "batch-client/3.2";

impl Company {
    /// One call.
    pub(crate) fn identity_step(&mut self, number: usize) {
        if self.now >= self.end {
            return;
        }
        let identity = self.topology.identities.get_mut(number);
        let (app, is_beacon) = (identity.app, identity.is_beacon);
        let next = match is_beacon {
            true => identity.interval_ns,
            false => identity.random.nanos_exponential(identity.interval_ns),
        };
        let mut random = identity.random.fork();
        self.queue.plan(self.now.shifted(next), Happening::Identity { identity: number });
        let client = self.identity(number, self.now);
        let rank = if is_beacon { 0 } else { self.path_ranks.draw(&mut random) };
        let service = self.topology.apps.get(app).service;
        let ask = Ask {
            at: self.now,
            route: rank % self.topology.services.get(service).routes.len(),
            id: rank as u64,
            user_agent: if is_beacon { "health-check/1.0" } else { USER_AGENT },
            bytes_up: 300,
            bytes_down: if is_beacon { 512 } else { random.lognormal(4_000.0, 1.0) as u64 + 200 },
            status: if is_beacon { 200 } else { status(&mut random) },
            rum: false,
        };
        self.private(&client, app, &ask, &mut random);
    }
}
