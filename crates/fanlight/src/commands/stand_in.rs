//! `fanlight stand-in zpa`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use fanlight_runtime::{Clock, Shutdown};
use fanlight_simulate::stand_in::{Records, Settings, StandIn as Running, Template, User};

use super::serve::StopSignal;
use super::terminal::print;
use crate::command_line::{RecordName, StandIn, StandInZpa, TemplateName};
use crate::folder::write_listeners;
use crate::outcome::{Exit, Failure};

pub(super) fn run(command: StandIn) -> Result<(), Failure> {
    let StandIn::Zpa(typed) = command;
    crate::telemetry::start(false);
    super::runtime()?.block_on(async {
        let mut stop = StopSignal::listen()?;
        let running = Running::bind(settings(&typed).await?, Clock::system()).await?;
        let addresses: BTreeMap<String, String> = running
            .addresses()
            .iter()
            .map(|(user, address)| (user.to_string(), address.to_string()))
            .collect();
        for (user, address) in &addresses {
            print(&format!("{user} reaches {} at {address}", typed.upstream));
        }
        if let Some(file) = &typed.ready_file {
            write_listeners(file, &addresses)?;
        }
        let shutdown = Shutdown::new();
        let task = fanlight_runtime::spawn("stand-in", running.run(shutdown.clone()));
        stop.given().await;
        shutdown.begin();
        task.await?;
        Ok(())
    })
}

async fn settings(typed: &StandInZpa) -> Result<Settings, Failure> {
    let mut settings =
        Settings::new(resolve("--upstream", &typed.upstream).await?, resolve("--lss", &typed.lss).await?);
    settings.host = typed.upstream.rsplit_once(':').map_or(typed.upstream.as_str(), |(host, _)| host).into();
    settings.users = typed.users.iter().map(|(name, address)| User::new(name, *address)).collect();
    settings.connector_ip = typed.connector_ip;
    settings.denied = typed.deny.iter().cloned().collect();
    if let Some(stranger) =
        settings.denied.iter().find(|denied| !typed.users.iter().any(|(name, _)| name == *denied))
    {
        return Err(Failure::text(Exit::Usage, format!("`--deny {stranger}` names nobody of `--user`")));
    }
    settings.setup_delay = typed.setup_delay;
    let has = |name| typed.records.contains(&name);
    settings.records = Records {
        open: has(RecordName::Open),
        active: has(RecordName::Active),
        close: has(RecordName::Close),
    };
    settings.template = match typed.template {
        TemplateName::Default => Template::Default,
        TemplateName::Superset => Template::Superset,
    };
    Ok(settings)
}

async fn resolve(option: &str, text: &str) -> Result<SocketAddr, Failure> {
    let found = tokio::net::lookup_host(text).await.ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        Failure::text(
            Exit::Usage,
            format!("`{option} {text}` is not an address and port, like `127.0.0.1:5000`"),
        )
    })
}
