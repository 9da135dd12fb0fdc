//! Sends records and batches on their way.

use fanlight_model::{Feed, SpanId, Timestamp};

use super::stream::{self, Piece, StreamId};
use super::{lss, nss};
use crate::clock::MILLI;
use crate::company::Company;
use crate::random::Random;

/// 0.2 % of the batches are lost.
const BATCH_LOSS: f64 = 0.002;

impl Company {
    /// A line of a ZPA feed, to each receiver with a delay of its own. False where none of them gets it.
    pub(crate) fn send_lss(
        &mut self,
        feed: Feed,
        logged: Timestamp,
        line: &str,
        random: &mut Random,
    ) -> bool {
        let mut arrives = false;
        for receiver in 0..self.receivers() {
            let stream = stream::lss(feed, receiver);
            let arrival = lss::arrival(logged, receiver, &self.incidents, random);
            if let Some(arrival) = arrival {
                arrives = true;
                self.send(stream, arrival, 1, line.as_bytes().to_vec());
                if let Some(again) = lss::duplicate(logged, &self.incidents, random) {
                    self.send(stream, again, 1, line.as_bytes().to_vec());
                }
            }
        }
        arrives
    }

    /// A line of a ZIA feed.
    pub(crate) fn send_nss(&mut self, feed: Feed, logged: Timestamp, line: String, random: &mut Random) {
        let (arrival, again) = nss::arrivals(logged, &self.incidents, random);
        if let Some(again) = again {
            self.send(stream::nss(feed), again, 1, line.as_bytes().to_vec());
        }
        // A line is made with room to spare; on its way it takes what it needs.
        self.send(stream::nss(feed), arrival, 1, line.into_bytes().into_boxed_slice().into_vec());
    }

    /// A line of a proxy's access log: read from its standard output by an agent beside it.
    pub(crate) fn send_access_log(&mut self, logged: Timestamp, line: String, random: &mut Random) {
        let arrival = logged.shifted(random.nanos_lognormal(600 * MILLI, 0.6));
        self.send(stream::ENVOY, arrival, 1, line.into_bytes());
    }

    /// A batch of spans. What is lost is told to the truth.
    pub(crate) fn send_batch(
        &mut self,
        stream: StreamId,
        sent: Timestamp,
        bytes: Vec<u8>,
        spans: &[SpanId],
        random: &mut Random,
    ) {
        let arrival = sent.shifted(random.nanos_between(5 * MILLI, 50 * MILLI));
        if random.chance(BATCH_LOSS) {
            self.truth.lost_spans(spans);
        } else {
            self.send(stream, arrival, spans.len() as u32, bytes);
        }
    }

    fn send(&mut self, stream: StreamId, arrival: Timestamp, records: u32, bytes: Vec<u8>) {
        let arrival = arrival.max(self.now);
        self.pending.send(self.now, Piece { arrival, stream, records, bytes });
    }
}
