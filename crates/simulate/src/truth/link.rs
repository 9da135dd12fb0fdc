//! Which span and which access event belong together, and which rungs could find it.

use fanlight_model::{EventUid, SpanId, TraceId};

use super::{Truth, TruthFile};
use crate::edge::client::Who;
use crate::edge::connection::Connection;
use crate::feeds::exchange::RequestRecord;
use crate::journey::Journey;
use crate::journey::front::{Fronted, Sight};
use crate::journey::serve::Served;

/// One pair.
struct Pair<'a> {
    trace: TraceId,
    span: SpanId,
    feed: &'a str,
    uid: EventUid,
    relation: &'a str,
    rungs: &'a [&'a str],
}

impl Truth {
    /// The links of a request to a private app.
    pub(crate) fn private_links(
        &mut self,
        journey: &Journey,
        connection: &Connection,
        (own, fronted): (SpanId, &Fronted),
        rungs: &[&str],
        request: Option<RequestRecord>,
    ) {
        let (trace, entry) = (journey.trace.id, fronted.served.span);
        let activity = EventUid::of_vendor_uid("zpa", "zpa_user_activity", &connection.id);
        let feed = "zpa_user_activity";
        self.pair(&Pair { trace, span: entry, feed, uid: activity, relation: "same_connection", rungs });
        if let Sight::Bridged(uid) = fronted.sight {
            let rungs: &[&str] = if fronted.served.told.peer { &["R1"] } else { &[] };
            self.pair(&Pair { trace, span: entry, feed: "envoy", uid, relation: "same_request", rungs });
        }
        if let Some(RequestRecord { feed, uid }) = request {
            let feed = feed.as_str();
            self.pair(&Pair { trace, span: entry, feed, uid, relation: "same_request", rungs: &["R5"] });
            if !own.is_zero() {
                self.pair(&Pair { trace, span: own, feed, uid, relation: "same_request", rungs: &["R5"] });
            }
        }
        if !own.is_zero() {
            let rungs: &[&str] = &["R6"];
            self.pair(&Pair { trace, span: own, feed, uid: activity, relation: "same_connection", rungs });
        }
        if matches!(connection.client.who, Who::Person(_)) {
            let session = &connection.client.session;
            self.line(
                TruthFile::Links,
                format_args!(
                    "{{\"trace\":\"{trace}\",\"span\":\"{entry}\",\"feed\":\"zpa_user_status\",\"session\":\"{session}\",\
                     \"event_uid\":null,\"relation\":\"same_context\",\"rungs\":[\"R7\"]}}"
                ),
            );
        }
    }

    /// The sender's span of a request that was refused, and the record of the refusal.
    pub(crate) fn blocked_link(&mut self, journey: &Journey, own: SpanId, connection: &str) {
        let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", connection);
        let (trace, feed) = (journey.trace.id, "zpa_user_activity");
        self.pair(&Pair { trace, span: own, feed, uid, relation: "same_connection", rungs: &["R5", "R6"] });
    }

    /// The links of a request through ZIA.
    pub(crate) fn web_links(
        &mut self,
        journey: &Journey,
        connection: &Connection,
        own: SpanId,
        (record, served): (Option<EventUid>, Option<Served>),
    ) {
        let trace = journey.trace.id;
        let of = |feed: &str, id: u64| EventUid::of_vendor_uid("zia", feed, &id.to_string());
        if !own.is_zero() {
            // In CSV the record of a connection has no id; it is not decrypted, and no link would be asserted.
            let connected = of("zia_web", connection.record_id);
            let (uid, relation, rungs): (EventUid, &str, &[&str]) = match record {
                Some(uid) => (uid, "same_request", &["R5", "R6"]),
                None => (connected, "same_connection", &["R6"]),
            };
            self.pair(&Pair { trace, span: own, feed: "zia_web", uid, relation, rungs });
        }
        if let Some(served) = served {
            let uid = of("zia_firewall", connection.record_id);
            let rungs: &[&str] = if served.told.peer { &["R3", "R3b"] } else { &[] };
            let relation = "same_connection";
            self.pair(&Pair { trace, span: served.span, feed: "zia_firewall", uid, relation, rungs });
        }
    }

    fn pair(&mut self, pair: &Pair<'_>) {
        let Pair { trace, span, feed, uid, relation, rungs } = pair;
        let rungs = super::request::list(rungs.iter().copied());
        self.line(
            TruthFile::Links,
            format_args!(
                "{{\"trace\":\"{trace}\",\"span\":\"{span}\",\"feed\":\"{feed}\",\"event_uid\":\"{uid}\",\
                 \"relation\":\"{relation}\",\"rungs\":{rungs}}}"
            ),
        );
    }
}
