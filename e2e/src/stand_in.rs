//! `fanlight stand-in zpa`, as anyone would start it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::binary::fanlight;
use crate::process::Process;
use crate::server::ready_file;

/// What goes on its command line, beside the addresses.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandInOptions<'a> {
    /// Who is let through.
    pub users: &'a [&'a str],
    /// Who is not.
    pub denied: &'a [&'a str],
    /// `--setup-delay`; empty for none.
    pub setup_delay: &'a str,
    /// `--records`; empty for all.
    pub records: &'a str,
    /// `--template`; empty for the vendor's default.
    pub template: &'a str,
    /// `--connector-ip`; empty for the default.
    pub connector_ip: &'a str,
}

/// A running stand-in.
#[derive(Debug)]
pub struct StandIn {
    users: BTreeMap<String, SocketAddr>,
    process: Process,
}

impl StandIn {
    /// Starts it between its users and `upstream`, and waits until it listens.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start(
        upstream: SocketAddr,
        lss: SocketAddr,
        options: StandInOptions<'_>,
        folder: &Path,
    ) -> Result<Self> {
        let mut command = Command::new(fanlight()?);
        command.args(["stand-in", "zpa", "--upstream", &upstream.to_string(), "--lss", &lss.to_string()]);
        for user in options.users.iter().chain(options.denied) {
            command.args(["--user", &format!("{user}=127.0.0.1:0")]);
        }
        for user in options.denied {
            command.args(["--deny", user]);
        }
        for (option, value) in [
            ("--setup-delay", options.setup_delay),
            ("--records", options.records),
            ("--template", options.template),
            ("--connector-ip", options.connector_ip),
        ] {
            if !value.is_empty() {
                command.args([option, value]);
            }
        }
        let ready = tempfile::Builder::new()
            .prefix("stand-in-")
            .suffix(".json")
            .tempfile_in(folder)?
            .into_temp_path();
        std::fs::remove_file(&ready)?;
        command.arg("--ready-file").arg(&ready);
        let mut process = Process::start("stand-in", command, folder)?;
        let users = ready_file(&ready, &mut process).await?;
        Ok(Self { users, process })
    }

    /// Where a user's connections come in.
    ///
    /// # Errors
    /// Where nobody is called so.
    pub fn address(&self, user: &str) -> Result<SocketAddr> {
        self.users.get(user).copied().with_context(|| format!("the stand-in knows no `{user}`"))
    }

    /// The process, to stop it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
