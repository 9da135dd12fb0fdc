//! Client spans to databases and producer spans to queues.

use super::protobuf::Attributes;
use super::scope::Scope;
use super::span::Kind;
use crate::topology::database::Database;
use crate::topology::service::Stack;

/// Fills in what the stack tells; gives the span's name, kind and scope.
pub(crate) fn describe(
    stack: Stack,
    database: &Database,
    shard: usize,
    writes: bool,
    into: &mut Attributes,
) -> (String, Kind, Scope) {
    if database.is_queue {
        into.text("messaging.system", database.system);
        into.text("messaging.destination.name", "changes");
        into.text("messaging.operation.type", "send");
        return ("send changes".to_owned(), Kind::Producer, scope(stack, true));
    }
    let operation = if writes { "UPDATE" } else { "SELECT" };
    let statement =
        if writes { "UPDATE items SET state = ? WHERE id = ?" } else { "SELECT * FROM items WHERE id = ?" };
    let namespace = format!("{}_{shard}", database.name.replace('-', "_"));
    if matches!(stack, Stack::NodeOld | Stack::PythonOld) {
        into.text("db.system", database.system);
        into.text("db.name", &namespace);
        into.text("db.statement", statement);
        into.text("net.peer.name", &database.host);
        into.int("net.peer.port", i64::from(database.port));
    } else {
        into.text("db.system.name", database.system);
        into.text("db.namespace", &namespace);
        into.text("db.operation.name", operation);
        into.text("db.query.text", statement);
        into.text("server.address", &database.host);
        into.int("server.port", i64::from(database.port));
    }
    (format!("{operation} items"), Kind::Client, scope(stack, false))
}

const fn scope(stack: Stack, is_queue: bool) -> Scope {
    match stack {
        Stack::Java if is_queue => Scope::JavaKafka,
        Stack::Java => Scope::JavaJdbc,
        Stack::GoHttp | Stack::GoGrpc => Scope::GoSql,
        Stack::Node | Stack::NodeOld => Scope::NodePg,
        Stack::PythonOld | Stack::PythonNew => Scope::PythonPsycopg,
        Stack::DotNet => Scope::DotNetSql,
    }
}
