//! F1: SIGKILL at random moments. What was acknowledged is there after the restart, and no link is lost or there twice.
//!
//! Each round starts the server on what the last one left, checks that, lets several senders write spans and records, and kills
//! the server at a random moment; in some rounds already while it starts. The seed is printed; `FANLIGHT_E2E_SEED` sets it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]
#![allow(clippy::print_stdout, reason = "each kill is told, for whoever asks what was tried")]

mod moment;
mod random;
mod sender;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::{LOOPBACK, PATIENCE, Process, Row, Server, serve_command, until};
use fanlight_runtime::Clock;

use random::Random;
use sender::{Acknowledged, Round};

const KILLS: u64 = 50;
const WITH_A_WRITE_IN_FLIGHT: u64 = 40;
/// Every tenth server is killed before it is ready.
const WHILE_STARTING: u64 = 10;
/// The longest that senders run before the kill. A debug build acknowledges a few hundred requests in this time.
const LONGEST: Duration = Duration::from_millis(150);
const LONGEST_START: Duration = Duration::from_millis(400);
/// Parts are sealed all the time, so that kills meet that too.
const SEALING: &str = "[store]\nseal_after = \"100ms\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let seed = std::env::var("FANLIGHT_E2E_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| Clock::system().now().as_unix_nanos());
    println!("seed {seed}: `FANLIGHT_E2E_SEED={seed}` plays it again");
    check(seed).await.expect("nothing that was acknowledged is lost");
}

/// What all rounds have led to so far.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<u64, Vec<Acknowledged>>,
    in_flight: u64,
}

async fn check(seed: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let configuration = format!("{LOOPBACK}{SEALING}");
    let mut random = Random::new(seed);
    let mut ledger = Ledger::default();
    for round in 1..=KILLS {
        let moment = if round % WHILE_STARTING == 0 {
            kill_while_starting(folder.path(), &configuration, random.up_to(LONGEST_START)).await?
        } else {
            kill_while_writing(folder.path(), &configuration, round, &mut random, &mut ledger).await?
        };
        let all: usize = ledger.acknowledged.values().map(Vec::len).sum();
        println!("kill {round:>2}: {moment}; {all} spans acknowledged so far");
    }
    let server = Server::start(folder.path(), &configuration).await?;
    for (round, acknowledged) in &ledger.acknowledged {
        check_round(&server, *round, acknowledged).await?;
    }
    check_nothing_twice(&server).await?;
    let spans: usize = ledger.acknowledged.values().map(Vec::len).sum();
    println!(
        "{KILLS} kills, {} with a write in flight, {spans} acknowledged spans, all found",
        ledger.in_flight
    );
    if ledger.in_flight < WITH_A_WRITE_IN_FLIGHT {
        bail!("only {} kills met a write in flight", ledger.in_flight);
    }
    server.stop().await
}

async fn kill_while_starting(folder: &Path, configuration: &str, after: Duration) -> Result<String> {
    let (command, ready) = serve_command(folder, configuration)?;
    let mut process = Process::start("serve", command, folder)?;
    tokio::time::sleep(after).await;
    process.check_alive()?;
    let stage = if ready.exists() { "ready, nothing written" } else { "starting" };
    let doing = moment::of(process.id());
    process.kill()?;
    Ok(format!("after {:.1} ms, {stage}, {doing}", millis(after)))
}

async fn kill_while_writing(
    folder: &Path,
    configuration: &str,
    round: u64,
    random: &mut Random,
    ledger: &mut Ledger,
) -> Result<String> {
    let mut server = Server::start(folder, configuration).await?;
    if let Some((last, acknowledged)) = ledger.acknowledged.last_key_value() {
        check_round(&server, *last, acknowledged).await?;
    }
    let writing = Arc::new(Round::new(round, server.otlp()?, server.lss()?, random.next()));
    let senders = sender::start(&writing);
    let after = random.up_to(LONGEST);
    tokio::time::sleep(after).await;
    let doing = moment::of(server.process().id());
    // Counted before the kill: what a sender begins on a dead server is no write in flight.
    let (half_sent, unanswered) = writing.in_flight();
    server.process().kill()?;
    for sender in senders {
        sender.await.context("a sender panicked")?;
    }
    ledger.in_flight += u64::from(half_sent + unanswered > 0);
    ledger.acknowledged.insert(round, writing.acknowledged());
    Ok(format!(
        "after {:.1} ms, writes in flight: {half_sent} half sent, {unanswered} unanswered, {doing}",
        millis(after)
    ))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Every acknowledged span of a round is found, once; and is linked to its connection, once, where that connection's record
/// was made durable, too: LSS has no acknowledgement, so what is in the table tells.
async fn check_round(server: &Server, round: u64, acknowledged: &[Acknowledged]) -> Result<()> {
    let spans = server
        .sql(&format!(
            "select span_id, attributes from spans where service_name = '{}' and not synthetic",
            sender::service(round)
        ))
        .await?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for span in &spans {
        *found.entry(sequence(span)).or_default() += 1;
    }
    for span in acknowledged {
        match found.get(&span.sequence.to_string()) {
            Some(1) => {}
            None => bail!("round {round}: span {} was acknowledged and is lost", span.sequence),
            Some(times) => bail!("round {round}: span {} is there {times} times", span.sequence),
        }
    }
    // Links of what is replayed come with the replay; it may still be going on.
    until(&format!("not all links of round {round} are there"), PATIENCE, || async {
        let missing = missing_links(server, round, acknowledged).await?;
        match missing.first() {
            None => Ok(Some(())),
            Some(first) => bail!("{} spans are not linked, {first} among them", missing.len()),
        }
    })
    .await
}

async fn missing_links(server: &Server, round: u64, acknowledged: &[Acknowledged]) -> Result<Vec<u64>> {
    let user = sender::user(round);
    let events =
        server.sql(&format!("select vendor_uid from access_events where user_name = '{user}'")).await?;
    let durable: BTreeSet<String> = events.iter().map(|event| text(event, "vendor_uid")).collect();
    let links = server
        .sql(&format!(
            "select l.span_id, e.vendor_uid from links l join access_events e on l.event_uid = e.event_uid \
             where l.state = 'asserted' and e.user_name = '{user}'"
        ))
        .await?;
    let mut linked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for link in &links {
        linked.entry(text(link, "span_id")).or_default().push(text(link, "vendor_uid"));
    }
    let mut missing = Vec::new();
    for span in acknowledged.iter().filter(|span| durable.contains(&span.connection_id)) {
        match linked.get(&span.span_id).map(Vec::as_slice) {
            None => missing.push(span.sequence),
            Some([one]) if *one == span.connection_id => {}
            Some(other) => {
                panic!("span {} is linked to {other:?}, not to {}", span.sequence, span.connection_id)
            }
        }
    }
    Ok(missing)
}

async fn check_nothing_twice(server: &Server) -> Result<()> {
    for sql in [
        "select trace_id, span_id, count(*) as n from links where state = 'asserted' group by trace_id, span_id having count(*) > 1",
        "select trace_id, span_id, count(*) as n from spans group by trace_id, span_id having count(*) > 1",
    ] {
        let twice = server.sql(sql).await?;
        if !twice.is_empty() {
            bail!("`{sql}` finds {}, the first {:?}", twice.len(), twice.first());
        }
    }
    Ok(())
}

fn sequence(span: &Row) -> String {
    span["attributes"]["sequence"].as_str().unwrap_or_default().to_owned()
}

fn text(row: &Row, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}
