//! Small graphs of crates, written as `who: normal normal / test`.

use super::*;

fn package(line: &str) -> Package {
    let (name, all) = line.split_once(':').unwrap_or((line, ""));
    let (normal, test) = all.split_once('/').unwrap_or((all, ""));
    let dependencies = |names: &str, kind| {
        names.split_whitespace().map(|name| Dependency { name: name.to_owned(), kind }).collect::<Vec<_>>()
    };
    Package {
        name: name.to_owned(),
        is_ours: true,
        dependencies: [dependencies(normal, Kind::Normal), dependencies(test, Kind::Test)].concat(),
        ..Package::default()
    }
}

fn expect(line: &str, finding: &str) {
    let findings = check(&[package(line)]);
    assert_eq!(findings.join("\n"), finding, "{line}");
}

#[test]
fn what_the_table_allows_passes() {
    expect("fanlight-model: sha2", "");
    expect("fanlight-store: fanlight-log fanlight-otlp datafusion", "");
    expect("fanlight: fanlight-store fanlight-correlate clap toml anyhow", "");
    expect("fanlight-otlp: fanlight-model bytes / prost opentelemetry-proto", "");
}

#[test]
fn an_arrow_against_the_flow_is_found() {
    expect(
        "fanlight-correlate: fanlight-store",
        "`fanlight-correlate` uses `fanlight-store`; it may use `fanlight-model`",
    );
    expect(
        "fanlight-model: fanlight-runtime",
        "`fanlight-model` uses `fanlight-runtime`; it may use nothing of ours",
    );
}

#[test]
fn the_fences_hold_for_who_is_not_named() {
    expect(
        "fanlight-api: arrow-schema",
        "`fanlight-api` names `arrow-schema`, which only `fanlight-store` may: the slowest build is paid by one crate",
    );
    expect(
        "fanlight-otlp: prost",
        "`fanlight-otlp` names `prost`, which only `fanlight-intake`, `fanlight-export`, `fanlight-e2e` may: \
         a span is never a tree of structs on the hot path",
    );
    expect(
        "fanlight-intake: / crc32c",
        "`fanlight-intake` names `crc32c`, which only `fanlight-log` may: one crate knows how a frame is checked",
    );
    expect(
        "fanlight-log: anyhow",
        "`fanlight-log` names `anyhow`, which only `fanlight`, `xtask`, `fanlight-e2e` may: \
         a module whose caller can act has an error enum",
    );
}

/// The simulator may not meet what is scored against it, not even in a test; other tests are free.
#[test]
fn the_simulator_stays_a_stranger_to_the_join() {
    expect(
        "fanlight-simulate: / fanlight-correlate",
        "`fanlight-simulate` names `fanlight-correlate`, even if only in tests: they share no code",
    );
    expect("fanlight-correlate: / fanlight-simulate", "");
}

#[test]
fn a_crate_that_is_not_in_the_table_is_found() {
    expect("fanlight-cache:", "`fanlight-cache` has no line in the layers table: a new crate needs an ADR");
}
