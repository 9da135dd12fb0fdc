//! Envoy's access log: the JSON form that the design asks for.

use std::net::SocketAddrV4;

use fanlight_model::{EventUid, Timestamp};

use super::rendering;
use crate::company::Company;
use crate::journey::Journey;
use crate::journey::serve::Arrival;
use crate::random::Random;

/// One request through an Envoy.
#[derive(Clone, Debug)]
pub(crate) struct AccessLog {
    /// The ingress; `None` for a sidecar.
    pub(crate) proxy: Option<usize>,
    /// The direct peer.
    pub(crate) outside: SocketAddrV4,
    /// The socket that it listens on.
    pub(crate) outer: SocketAddrV4,
    pub(crate) connection: u64,
    pub(crate) request_id: String,
    /// The request came, went on, was answered, and the answer was gone.
    pub(crate) times: [Timestamp; 4],
    pub(crate) status: u16,
    pub(crate) bytes: [u64; 2],
}

impl Company {
    /// Writes the line and sends it; the id of its access event.
    pub(crate) fn log_access(
        &mut self,
        journey: &Journey,
        arrival: &Arrival<'_>,
        log: &AccessLog,
        random: &mut Random,
    ) -> EventUid {
        let service = self.topology.services.get(arrival.service);
        let pod = service.pods.get(arrival.pod);
        let clock = match log.proxy {
            Some(at) => &self.topology.proxies.get(at).clock,
            None => &pod.clock,
        };
        let method = service.routes.get(arrival.route).method;
        let [begin, sent, answered, end] = log.times;
        let shown = clock.read(begin).as_unix_nanos();
        let start = format!("{}.{:06}", shown / 1_000_000_000, shown / 1_000 % 1_000_000);
        let millis = |from: Timestamp, to: Timestamp| to.nanos_since(from) / 1_000_000;
        let mut path = String::new();
        rendering::json(&self.path_of(arrival.service, arrival.route, arrival.id), &mut path);
        let (ddra, dla, ula, uh) = (log.outside, log.outer, arrival.peer, arrival.local);
        let (cid, rid, tid) = (log.connection, &log.request_id, journey.trace.id);
        let (host, code, dur, ust) = (arrival.host, log.status, millis(begin, end), millis(sent, answered));
        let [rx, tx] = log.bytes;
        let flags = if code == 503 { "URX" } else { "-" };
        let line = format!(
            "{{\"fl\":\"envoy.http/1\",\"start_time\":\"{start}\",\"ddra\":\"{ddra}\",\"dla\":\"{dla}\",\"ula\":\"{ula}\",\
             \"uh\":\"{uh}\",\"cid\":{cid},\"rid\":\"{rid}\",\"tid\":\"{tid}\",\"tp\":null,\"m\":\"{method}\",\"p\":\"{path}\",\
             \"a\":\"{host}\",\"code\":{code},\"flags\":\"{flags}\",\"details\":\"via_upstream\",\"dur\":{dur},\
             \"ust\":\"{ust}\",\"rtx\":0,\"att\":1,\"rx\":{rx},\"tx\":{tx}}}\n"
        );
        self.count("records.envoy");
        self.send_access_log(end, line, random);
        EventUid::of_vendor_uid("envoy", "envoy", &format!("{rid}#{cid}#{start}#{ddra}"))
    }
}
