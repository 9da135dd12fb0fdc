//! The tables that a query can name.

use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::TableReference;
use datafusion::error::Result;

use super::QueryError;
use super::provider::StoredTable;
use crate::{Snapshot, Table};

/// What this version fills, in the contract's order.
pub(super) const TABLES: &[&str] = &[
    "spans",
    "access_events",
    "links",
    "device_facts",
    "connector_health",
    "config_changes",
    "feed_records",
    "feed_health",
    "raw_lines",
];

/// What the contract names and this version does not fill: asking is answered with that word, never with no rows.
const NOT_PRODUCED: [&str; 3] = ["verdicts", "explanations", "incidents"];

const CATALOGUE: &str = "fanlight";
const SCHEMA: &str = "public";

/// Refuses a table that is not there, in words.
pub(super) fn check(reference: &TableReference) -> Result<(), QueryError> {
    let name = reference.table();
    let is_ours = reference.schema().is_none_or(|schema| schema == SCHEMA)
        && reference.catalog().is_none_or(|catalogue| catalogue == CATALOGUE);
    if is_ours && NOT_PRODUCED.contains(&name) {
        return Err(QueryError::NotProduced { name: name.to_owned() });
    }
    if is_ours && TABLES.contains(&name) {
        return Ok(());
    }
    Err(QueryError::UnknownTable { name: reference.to_string() })
}

/// A catalogue that holds this snapshot and nothing else.
pub(super) fn of(snapshot: &Snapshot) -> Result<Arc<dyn CatalogProviderList>> {
    let schema = MemorySchemaProvider::new();
    for table in Table::ALL {
        schema.register_table(table.as_str().to_owned(), Arc::new(StoredTable::new(table, snapshot)))?;
    }
    let catalogue = MemoryCatalogProvider::new();
    catalogue.register_schema(SCHEMA, Arc::new(schema))?;
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(CATALOGUE.to_owned(), Arc::new(catalogue));
    Ok(Arc::new(list))
}

/// The catalogue's and the schema's name, for a session's defaults.
pub(super) const fn names() -> (&'static str, &'static str) {
    (CATALOGUE, SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_can_be_asked_for() {
        assert_eq!(Table::ALL.map(Table::as_str), TABLES);
    }
}
