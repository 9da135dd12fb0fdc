//! Three frameworks under OpenTelemetry's own auto-instrumentation, each behind a stand-in edge with two users, a third one
//! who is denied, and somebody who goes past the edge.
//!
//! Flask and FastAPI speak semantic conventions that carry the local listening port: peer, local port and time make rung R3.
//! Express says nothing of its own side: R3b. Told the host's address by a resource attribute, each has the whole 4-tuple,
//! R2: the two Python apps with the port that they say, Express with the one that is learned from what is known of it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod scenario;

use fanlight_e2e::Stack;
use scenario::{Expected, Records, check};

const HOST_IP: &str = "host.ip=127.0.0.1";

#[tokio::test(flavor = "multi_thread")]
async fn flask_says_its_port() {
    check(Stack::Flask, "", Records::All, Expected { rung: "R3" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_says_its_port_and_the_records_come_late() {
    check(Stack::Flask, "", Records::CloseAlone, Expected { rung: "R3" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_knows_its_hosts_address() {
    check(Stack::Flask, HOST_IP, Records::All, Expected { rung: "R2" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_knows_its_hosts_address_and_the_records_come_late() {
    check(Stack::Flask, HOST_IP, Records::CloseAlone, Expected { rung: "R2" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_says_its_port() {
    check(Stack::FastApi, "", Records::All, Expected { rung: "R3" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_says_its_port_and_the_records_come_late() {
    check(Stack::FastApi, "", Records::CloseAlone, Expected { rung: "R3" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_knows_its_hosts_address() {
    check(Stack::FastApi, HOST_IP, Records::All, Expected { rung: "R2" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_knows_its_hosts_address_and_the_records_come_late() {
    check(Stack::FastApi, HOST_IP, Records::CloseAlone, Expected { rung: "R2" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_says_nothing_of_its_side() {
    check(Stack::Express, "", Records::All, Expected { rung: "R3b" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_says_nothing_of_its_side_and_the_records_come_late() {
    check(Stack::Express, "", Records::CloseAlone, Expected { rung: "R3b" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_knows_its_hosts_address() {
    check(Stack::Express, HOST_IP, Records::All, Expected { rung: "R2" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_knows_its_hosts_address_and_the_records_come_late() {
    check(Stack::Express, HOST_IP, Records::CloseAlone, Expected { rung: "R2" }).await;
}
