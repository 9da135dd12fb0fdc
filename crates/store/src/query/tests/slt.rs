//! Runs `tests/*.slt`: SQL and its answer. `tests/README.md` says how to add to them.

use std::fmt::Write as _;

use serde_json::Value;

use super::fixture;
use crate::query::{QueryBudget, answer};

/// Every query of every file has the answer that stands below it.
#[tokio::test]
async fn the_queries_have_their_answers() {
    let directory = tempfile::tempdir().expect("a directory of its own");
    let snapshot = fixture::snapshot(directory.path());
    let mut files: Vec<_> = std::fs::read_dir(fixture::folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    files.sort();
    let (mut asked, mut wrong) = (0, String::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        for case in cases(&text) {
            asked += 1;
            let answered = answer(snapshot.clone(), &case.sql, QueryBudget::default()).await;
            let found = match answered {
                Ok(answer) => answer.rows.into_iter().map(|row| Value::Array(row).to_string()).collect(),
                Err(error) => {
                    vec![format!("error {}: {error}", error.code()), format!("hint: {}", error.hint())]
                }
            };
            if found != case.expected {
                let name =
                    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                writeln!(
                    wrong,
                    "{name}:{}\n{}\n---- expected\n{}\n---- found\n{}\n",
                    case.line,
                    case.sql,
                    case.expected.join("\n"),
                    found.join("\n")
                )
                .expect("a text takes what is written");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(asked >= 30, "only {asked} queries were found");
}

struct Case {
    line: usize,
    sql: String,
    expected: Vec<String>,
}

/// Cases stand apart by empty lines: SQL, a line of four dashes, the answer's lines. Lines that begin with `#` are remarks.
fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for (number, line) in text.lines().enumerate().chain([(0, "")]) {
        if !line.trim().is_empty() {
            lines.push((number + 1, line));
            continue;
        }
        let case: Vec<_> = lines.drain(..).filter(|(_, line)| !line.starts_with('#')).collect();
        let Some(dashes) = case.iter().position(|(_, line)| *line == "----") else {
            assert!(case.is_empty(), "line {}: no `----` after the query", case[0].0);
            continue;
        };
        let (sql, expected) = case.split_at(dashes);
        cases.push(Case {
            line: sql.first().map_or(0, |(number, _)| *number),
            sql: sql.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n"),
            expected: expected.iter().skip(1).map(|(_, line)| (*line).to_owned()).collect(),
        });
    }
    cases
}
