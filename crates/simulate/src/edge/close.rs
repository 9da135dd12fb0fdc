//! The end of a connection, its periodic records, and what is told of both.

use fanlight_model::{Feed, Timestamp};

use super::client::Target;
use super::connection::Connection;
use super::slab::Key;
use crate::company::Company;
use crate::settings::ActivityRecords;
use crate::workload::queue::Happening;

impl Company {
    /// A connection may be over: where it was used since, later.
    pub(crate) fn may_close(&mut self, key: Key) {
        let Some(ends) = self.connections.get(key).map(Connection::ends) else { return };
        if ends > self.now {
            self.queue.plan(ends, Happening::Close { connection: key });
            return;
        }
        let Some(connection) = self.connections.get(key) else { return };
        let idled = connection.dies > self.now;
        let reason = match connection.random.clone().unit() {
            _ if idled => "BRK_MT_TERMINATED_IDLE_TIMEOUT",
            share if share < 0.6 => "BRK_MT_CLOSED_FROM_CLIENT",
            share if share < 0.8 => "MT_CLOSED_TERMINATED",
            share if share < 0.95 => "BRK_MT_CLOSED_FROM_ASSISTANT",
            _ => "AST_MT_TERMINATED",
        };
        self.close(key, self.now, reason);
    }

    /// Ends a connection.
    pub(crate) fn close(&mut self, key: Key, now: Timestamp, reason: &'static str) {
        let Some(mut connection) = self.connections.take(key) else { return };
        self.connections.forget(key);
        self.open_of(connection.client.who).retain(|(_, open)| *open != key);
        match connection.target {
            Target::App(_) => {
                let holder = self.topology.connectors.get_mut(connection.connector);
                let (port, to) = (connection.connector_port, connection.destination);
                holder.ports.give_back(to, port, now, &mut connection.random);
                holder.cleared += 1;
                holder.bytes_in += connection.traffic.connector_rx.bytes;
                holder.bytes_out += connection.traffic.connector_tx.bytes;
                self.tell_activity(&mut connection, "close", reason, now);
            }
            Target::Saas(saas) => self.tell_web_connection(&mut connection, saas, now),
        }
    }

    /// A connection's periodic record is due.
    pub(crate) fn tell_active(&mut self, key: Key) {
        let Some(mut connection) = self.connections.take(key) else { return };
        if self.settings.activity_records != ActivityRecords::Close {
            self.tell_activity(&mut connection, "active", "OPEN_OR_ACTIVE_CONNECTION", self.now);
        }
        let next = self.now.shifted(self.active_interval(&connection));
        self.connections.put(key, connection);
        self.queue.plan(next, Happening::Active { connection: key });
    }

    /// One User Activity record.
    pub(crate) fn tell_activity(
        &mut self,
        connection: &mut Connection,
        status: &'static str,
        reason: &str,
        now: Timestamp,
    ) {
        let line = self.activity_line(connection, status, reason, now);
        let mut random = connection.random.fork();
        if !self.send_lss(Feed::ZpaUserActivity, now, &line, &mut random) {
            self.truth.lost_record(Feed::ZpaUserActivity, &connection.id, status);
        }
        self.count("records.zpa_user_activity");
    }
}
