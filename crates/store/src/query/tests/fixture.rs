//! The small store that the queries under `tests/` are asked of: `tests/fixture/<table>.ndjson`, one row a line, by the names of
//! the schema. `_in` says where a row lies: `hot`, or the name of a part.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use fanlight_model::Timestamp;
use serde_json::Value;

use crate::{Part, Snapshot, Table};

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

pub(super) fn snapshot(directory: &Path) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for table in Table::ALL {
        let file = folder().join("fixture").join(table.as_str()).with_extension("ndjson");
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for line in std::fs::read_to_string(&file).expect("the fixture is there").lines() {
            let row: Value = serde_json::from_str(line).expect("a row is JSON");
            let place = row["_in"].as_str().expect("`_in` says where the row lies").to_owned();
            let lines = places.entry(place).or_default();
            lines.push_str(line);
            lines.push('\n');
        }
        let hot = places.remove("hot").map(|lines| rows(table, &lines)).into_iter().collect();
        let parts =
            places.iter().map(|(name, lines)| Arc::new(write(directory, table, name, &rows(table, lines))));
        snapshot.set(table, hot, parts.collect());
    }
    snapshot
}

fn rows(table: Table, lines: &str) -> RecordBatch {
    let reader = ReaderBuilder::new(table.schema()).build(lines.as_bytes()).expect("the schema is readable");
    let batches: Result<Vec<_>, _> = reader.collect();
    datafusion::arrow::compute::concat_batches(&table.schema(), &batches.expect("the rows fit the schema"))
        .expect("one schema")
}

/// A part with one row a group, so that a condition has something to skip.
pub(super) fn write(directory: &Path, table: Table, name: &str, rows: &RecordBatch) -> Part {
    let path = directory.join(format!("{}-{name}.parquet", table.as_str()));
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1)).build();
    let file = File::create(&path).expect("the directory is ours");
    let mut writer =
        ArrowWriter::try_new(file, table.schema(), Some(properties)).expect("the schema is storable");
    writer.write(rows).expect("the rows are storable");
    writer.close().expect("the file is complete");
    Part {
        table,
        id: name.to_owned(),
        bytes: path.metadata().expect("just written").len(),
        rows: rows.num_rows() as u64,
        path,
        min_time: Timestamp::MIN,
        max_time: Timestamp::MAX,
    }
}
