//! The pane's door as a person meets it: the URL that the server prints, the one that `fanlight url` prints, and a search from
//! the terminal.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]

use std::process::{Command, Output};

use anyhow::{Context, Result};
use fanlight_e2e::otlp::{encode, request, server_span};
use fanlight_e2e::{Answer, HttpClient, LOOPBACK, Server, fanlight};
use http::{Method, StatusCode, header};

/// The URL in what a command printed, as its server and its code.
fn url_in(text: &str) -> Result<(String, String)> {
    let word = text.split_whitespace().find(|word| word.contains("/#code=")).context("no URL was printed")?;
    let (server, code) = word.split_once("/#code=").context("no code stands behind the URL")?;
    Ok((server.to_owned(), code.to_owned()))
}

async fn sign_in(server: &str, code: &str) -> Result<Answer> {
    let headers = [("content-type", "application/json")];
    let body = format!("{{\"code\":\"{code}\"}}");
    HttpClient::default().send(Method::POST, &format!("{server}/api/v1/sign-in"), &headers, body).await
}

async fn status(server: &str, cookie: &str) -> Result<StatusCode> {
    let url = format!("{server}/api/v1/status");
    Ok(HttpClient::default().send(Method::GET, &url, &[("cookie", cookie)], "").await?.status)
}

fn cookie(answer: &Answer) -> Result<String> {
    let set = answer.headers.get(header::SET_COOKIE).context("no cookie was set")?.to_str()?;
    Ok(set.split(';').next().unwrap_or_default().to_owned())
}

fn run(server: &Server, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(fanlight()?).args(arguments).arg("--data").arg(server.data()).output()?)
}

/// The printed URL signs in once; `fanlight url` prints another; a restart ends the sessions of both.
#[tokio::test(flavor = "multi_thread")]
async fn a_printed_url_signs_a_browser_in_until_the_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), LOOPBACK).await?;
    let (at, code) = url_in(&server.process().output())?;
    let first = sign_in(&at, &code).await?;
    assert_eq!(first.status, StatusCode::NO_CONTENT, "{}", first.text());
    assert_eq!(sign_in(&at, &code).await?.status, StatusCode::UNAUTHORIZED, "a code is good once");
    let printed = run(&server, &["url"])?;
    let (same, another) = url_in(&String::from_utf8_lossy(&printed.stdout))?;
    assert_eq!(same, at);
    let second = sign_in(&at, &another).await?;
    let cookies = [cookie(&first)?, cookie(&second)?];
    for cookie in &cookies {
        assert_eq!(status(&at, cookie).await?, StatusCode::OK);
    }
    server.stop().await?;
    let mut server = Server::start(folder.path(), LOOPBACK).await?;
    let (at, _) = url_in(&server.process().output())?;
    for cookie in &cookies {
        assert_eq!(status(&at, cookie).await?, StatusCode::UNAUTHORIZED);
    }
    server.stop().await
}

/// A search from the terminal finds what was sent, as a table and as CSV; one that goes wrong shows where, and exits as a wrong
/// usage does.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_the_terminal_finds_or_says_where_it_goes_wrong() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let span = server_span([0xab; 16], [1; 8], "GET /orders", vec![]);
    let sent =
        HttpClient::default().post_otlp(server.otlp()?, encode(&request("shop", vec![], vec![span]))).await?;
    assert_eq!(sent.status, StatusCode::OK);
    server.rows("select * from spans", 1).await?;
    let search = |query: &str, more: &[&str]| run(&server, &[&["search", query], more].concat());
    let table = search("{ resource.service.name = \"shop\" }", &[])?;
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.status.success() && text.contains("GET /orders") && text.contains("1 row"), "{text}");
    let csv = search("{ name =~ `GET .*` }", &["--output", "csv"])?;
    let text = String::from_utf8_lossy(&csv.stdout).into_owned();
    assert!(text.lines().count() == 2 && text.contains(&"ab".repeat(16)), "{text}");
    let none = search("{ access.user != nil }", &["--output", "ndjson"])?;
    assert!(none.status.success() && none.stdout.is_empty(), "{none:?}");
    let wrong = search("{ name = shop }", &[])?;
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{told}");
    assert!(told.contains("\n  { name = shop }\n           ^\n"), "{told}");
    server.stop().await
}

/// Names of people lie in the data folder: nobody else on the machine looks into it.
#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_is_its_owners_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let mut folders = vec![server.data().to_owned()];
    while let Some(at) = folders.pop() {
        let mode = std::fs::metadata(&at)?.permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "`{}` is {mode:o}", at.display());
        for entry in std::fs::read_dir(&at)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    server.stop().await
}
