//! Configurations that no server starts with: each says where, what, and the way out, and exits as the contract says.

use std::time::Duration;

use anyhow::Result;
use fanlight_e2e::{LOOPBACK, Process, serve_command};
use tokio::net::TcpListener;

const EXIT_FAILED: i32 = 1;
const EXIT_CONFIG: i32 = 3;

/// The server does not start with this configuration: it ends with that code, and says all of that.
async fn check(configuration: &str, code: i32, says: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (command, ready) = serve_command(folder.path(), configuration)?;
    let mut process = Process::start("serve", command, folder.path())?;
    let status = process.ended(Duration::from_secs(20)).await?;
    let errors = process.errors();
    assert_eq!(status.code(), Some(code), "{errors}");
    for part in says {
        assert!(errors.contains(part), "it does not say `{part}`: {errors}");
    }
    assert!(!ready.exists(), "it was never ready");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_its_listener() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let configuration = LOOPBACK.replacen(
        "[intake.otlp_http]\nlisten = \"127.0.0.1:0\"",
        &format!("[intake.otlp_http]\nlisten = \"{address}\""),
        1,
    );
    assert_ne!(configuration, LOOPBACK);
    check(&configuration, EXIT_FAILED, &["otlp_http", &address]).await.expect("it is refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    let configuration = "version = 1\n\n[intake.otlp_http]\nlisen = \"127.0.0.1:0\"\n";
    check(
        configuration,
        EXIT_CONFIG,
        &["fanlight.toml:4:1", "unknown key `intake.otlp_http.lisen`", "did you mean `listen`?"],
    )
    .await
    .expect("it is refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_beyond_loopback_without_allow_is_refused() {
    let configuration = LOOPBACK.replacen(
        "[intake.zpa_user_activity]\nlisten = \"127.0.0.1:0\"",
        "[intake.zpa_user_activity]\nlisten = \"0.0.0.0:0\"",
        1,
    );
    assert_ne!(configuration, LOOPBACK);
    check(&configuration, EXIT_CONFIG, &["intake.zpa_user_activity", "0.0.0.0:0", "allow"])
        .await
        .expect("it is refused");
}
