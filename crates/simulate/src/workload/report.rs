//! What the edge tells of itself from time to time: sessions, app connectors, changes.

use fanlight_model::Feed;

use super::queue::Happening;
use crate::clock::{MINUTE, SECOND};
use crate::company::Company;
use crate::edge::client::is_updated;
use crate::feeds::zpa_audit::Change;
use crate::feeds::zpa_user_status::SessionState;
use crate::incident::Fault;
use crate::topology::person;

/// A session is told of again after so long.
const HEARTBEAT: i64 = 5 * MINUTE;

impl Company {
    /// A person's session is told of; one whose time is over ends, and another begins.
    pub(crate) fn tell_session(&mut self, number: usize, again: bool, moves: bool) {
        if self.now >= self.end {
            return;
        }
        let now = self.now;
        let is_over = moves || self.topology.persons.get(number).session.until <= now;
        if is_over {
            self.session_record(number, "ZPN_STATUS_DISCONNECTED");
            let holder = self.topology.persons.get_mut(number);
            let mut next = person::session(&mut holder.random, now);
            next.until = next.until.shifted(now.nanos_since(next.authenticated));
            next.authenticated = now;
            holder.session = next;
        }
        self.session_record(number, "ZPN_STATUS_AUTHENTICATED");
        if again {
            let until = self.topology.persons.get(number).session.until;
            let next = now.shifted(HEARTBEAT).min(until).max(now.shifted(SECOND));
            self.queue.plan(next, Happening::Session { person: number, again, moves: false });
        }
    }

    fn session_record(&mut self, number: usize, status: &'static str) {
        let now = self.now;
        let client = self.person(number, now);
        let holder = self.topology.persons.get(number);
        let ended = (status == "ZPN_STATUS_DISCONNECTED").then_some(now);
        let version = if is_updated(number) { "4.4.0.335" } else { holder.client_version };
        let (authenticated, bytes) = (holder.session.authenticated, holder.session.bytes);
        let state = SessionState { client: &client, status, authenticated, ended, bytes, version };
        let line = self.session_line(&state, now);
        let holder = self.topology.persons.get_mut(number);
        holder.session.bytes += 40_000;
        let mut random = holder.random.fork();
        self.count("records.zpa_user_status");
        self.send_lss(Feed::ZpaUserStatus, now, &line, &mut random);
    }

    /// An app connector's status and metrics.
    pub(crate) fn report(&mut self, number: usize) {
        if self.now >= self.end {
            return;
        }
        let now = self.now;
        let overload = self.incidents.of(now, &Fault::ConnectorOverload { connector: number });
        let is_exhausted = self.incidents.is_exhausted(now, number);
        let connector = self.topology.connectors.get_mut(number);
        connector.ports.exhaust(is_exhausted);
        let usual = 2 + (connector.busy / 40).min(40) as i64 + connector.random.below(4) as i64;
        connector.busy = 0;
        let cpu = if overload.is_some() { 95 + connector.random.below(4) as i64 } else { usual };
        let mut random = connector.random.fork();
        let status = self.connector_status_line(number, cpu, now);
        let metrics = self.connector_metrics_line(number, cpu, now);
        self.count("records.zpa_app_connector_status");
        self.count("records.zpa_app_connector_metrics");
        self.send_lss(Feed::ZpaAppConnectorStatus, now, &status, &mut random);
        self.send_lss(Feed::ZpaAppConnectorMetrics, now.shifted(SECOND), &metrics, &mut random);
        self.queue.plan(now.shifted(5 * MINUTE), Happening::Report { connector: number });
    }

    /// An administrator inserts the rule of an incident; or, without one, changes a description.
    pub(crate) fn audit(&mut self, incident: usize) {
        let fault = self.incidents.all.get(incident).map(|incident| incident.fault.clone());
        let (kind, name, old, new) = match fault {
            Some(Fault::RuleChange { app }) => {
                let app = &self.topology.apps.get(app).name;
                let new = format!(
                    "{{\"name\":\"{}\",\"action\":\"DENY\",\"ruleOrder\":\"1\",\"application\":\"{app}\"}}",
                    crate::edge::refusal::BLOCKING_RULE
                );
                ("Policy", crate::edge::refusal::BLOCKING_RULE.to_owned(), String::new(), new)
            }
            _ => {
                let app = self.topology.apps.get(0).name.clone();
                let described = |text: &str| format!("{{\"name\":\"{app}\",\"description\":\"{text}\"}}");
                ("Application", app.clone(), described("of old"), described("reviewed"))
            }
        };
        let operation = if old.is_empty() { "Create" } else { "Update" };
        let number = incident.wrapping_add(1) as u64;
        let change = Change { at: self.now, operation, kind, name, old, new, number };
        let line = self.templates.audit.change(&change);
        self.count("records.zpa_audit");
        let mut random = self.random.fork();
        self.send_lss(Feed::ZpaAudit, self.now, &line, &mut random);
    }
}
