//! What ZPA tells of one request, where it sees requests.

use fanlight_model::{EventUid, Feed, Timestamp};

use super::zpa_appprotection::Inspected;
use super::zpa_browser_access::Browsed;
use crate::company::Company;
use crate::edge::connection::Connection;
use crate::journey::Ask;
use crate::random::Random;
use crate::topology::app::Access;

/// A request as the service edge saw it, in true time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// All of the request was there.
    pub(crate) received: Timestamp,
    /// It went on towards the app.
    pub(crate) sent: Timestamp,
    /// The answer came from there.
    pub(crate) answered: Timestamp,
    /// It went on to the client.
    pub(crate) passed_on: Timestamp,
    /// The client had all of it.
    pub(crate) done: Timestamp,
}

/// A record of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestRecord {
    pub(crate) feed: Feed,
    pub(crate) uid: EventUid,
}

impl Company {
    /// The request's own record, where there is one.
    #[expect(clippy::too_many_arguments, reason = "all that there is to tell of one request")]
    pub(crate) fn tell_request(
        &mut self,
        connection: &mut Connection,
        app: usize,
        ask: &Ask,
        exchange: &Exchange,
        status: u16,
        is_first: bool,
        random: &mut Random,
    ) -> Option<RequestRecord> {
        let access = self.topology.apps.get(app).access;
        let service = self.topology.apps.get(app).service;
        let path = self.path_of(service, ask.route, ask.id);
        let method = self.topology.services.get(service).routes.get(ask.route).method;
        let (feed, line, uid) = match access {
            Access::Tunnel => return None,
            Access::Browser => {
                let browsed =
                    Browsed { connection, app, ask, exchange, status, is_first, path: &path, method };
                let (line, uid) = self.browser_access_line(&browsed, random);
                (Feed::ZpaBrowserAccess, line, uid)
            }
            Access::Inspected => {
                let inspected = Inspected { connection, app, ask, exchange, status, path: &path, method };
                let (line, uid) = self.appprotection_line(&inspected, random);
                (Feed::ZpaAppprotection, line, uid)
            }
        };
        if !self.send_lss(feed, exchange.done, &line, random) {
            self.truth.lost_record(feed, &uid.to_string(), "request");
        }
        self.count(if access == Access::Browser {
            "records.zpa_browser_access"
        } else {
            "records.zpa_appprotection"
        });
        Some(RequestRecord { feed, uid })
    }
}
