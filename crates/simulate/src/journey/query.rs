//! A database or a queue is asked.

use fanlight_model::SpanId;

use super::Journey;
use super::serve::Arrival;
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;
use crate::spans::database::describe;
use crate::spans::protobuf::Attributes;
use crate::spans::span::Span;
use crate::timeline::Segment;

impl Company {
    /// Waits for a connection of the pool, then for the answer.
    pub(crate) fn query(
        &mut self,
        journey: &mut Journey,
        arrival: &Arrival<'_>,
        parent: SpanId,
        (number, shard, writes): (usize, usize, bool),
        random: &mut Random,
    ) {
        let id = journey.span_id(random);
        let begin = journey.timeline.now;
        let database = self.topology.databases.get(number);
        let shard = shard % database.shards;
        journey.pass(|| format!("database:{}/{shard}", database.name));
        let median = database.median_ns;
        let usual = random.nanos_lognormal(median, 0.4);
        let slow = self.incidents.of(begin, &Fault::SlowDb { database: number, shard });
        let taken = slow.map_or(usual, |(_, factor)| (usual as f64 * factor) as i64);
        let waited = self.topology.databases.get_mut(number).wait(begin, taken);
        match slow {
            Some((incident, _)) => {
                journey.timeline.spend(Segment::Dependency, usual, median);
                journey.timeline.inject(Segment::Dependency, taken - usual + waited, incident);
            }
            None => journey.timeline.spend(Segment::Dependency, usual + waited, median),
        }
        if journey.trace.is_sampled {
            let service = self.topology.services.get(arrival.service);
            let (pod, database) = (service.pods.get(arrival.pod), self.topology.databases.get(number));
            let mut attributes = Attributes::of_span();
            let (name, kind, scope) = describe(service.stack, database, shard, writes, &mut attributes);
            let end = journey.timeline.now;
            let span = Span {
                trace: journey.trace,
                id,
                parent,
                name,
                kind,
                start: pod.clock.read(begin),
                end: pod.clock.read(end),
                scope,
                attributes,
                failed: None,
            };
            let exporter = pod.number;
            self.export(exporter, &span, end);
        }
    }
}
