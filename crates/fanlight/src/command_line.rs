//! What can be typed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fanlight_simulate::{Profile, Scenario as CompanyScenario};

/// Joins OpenTelemetry spans with what the Zero Trust edge did to the same request.
#[derive(Debug, Parser)]
#[command(name = "fanlight", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: everything, as configured; without a file, safe defaults on loopback
    Serve(Serve),
    /// Show it: two real apps, two people behind a stand-in edge, a real server, a joined trace
    Demo(Demo),
    /// Ask the server in SQL
    Query(Query),
    /// Find traces by TraceQL: what the code did, and what the edge did to the same request
    Search(Search),
    /// Draw one trace: spans and access on one time axis
    Trace(Trace),
    /// Print the pane's URL, with a code that signs a browser in once
    Url(Reach),
    /// Take the place of something that you do not have
    #[command(name = "stand-in", subcommand)]
    StandIn(StandIn),
    /// Invent a company: what its apps and its edge send, byte for byte, and the truth beside it
    Simulate(Simulate),
    /// Send what was kept to a server once more
    Replay(Replay),
    /// Hold what a server found against the truth of a company that was sent to it
    Score(Score),
    /// Look at what comes in
    #[command(subcommand)]
    Ingest(Ingest),
    /// Check and explain the configuration
    #[command(subcommand)]
    Config(Config),
    /// Say what is connected, what each feed lacks, and which rungs of the join can be reached
    Doctor(Doctor),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// The configuration; without it the safe defaults
    #[arg(long, value_name = "FILE", env = "FANLIGHT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "fanlight-data")]
    pub(crate) data: PathBuf,
    /// Added to every port, so that several can run on one machine
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) listen_offset: u16,
    /// Written with `{listener: address}` once all listeners are up
    #[arg(long, value_name = "F")]
    pub(crate) ready_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Demo {
    /// End after this time; without it, at Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) lasting: Option<Duration>,
    /// The seed of everything random in the traffic
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// What happens; this version knows one scenario
    #[arg(long, value_enum, default_value_t = Scenario::SlowSetup)]
    pub(crate) scenario: Scenario,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "fanlight-demo")]
    pub(crate) data: PathBuf,
    /// Added to every port
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) listen_offset: u16,
    /// The folder with the demo's apps
    #[arg(long, value_name = "DIR", default_value = "e2e")]
    pub(crate) apps: PathBuf,
    /// The folder where `cargo xtask setup` put what they need
    #[arg(long, value_name = "DIR", default_value = "target/e2e")]
    pub(crate) apps_set_up: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One person meets a slow connection set-up, another a denial
    SlowSetup,
}

/// How to reach a server.
#[derive(Clone, Debug, Args)]
pub(crate) struct Reach {
    /// The server's API; without it the one whose data folder is here
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// A file with the bearer token; without it the server's own, where its data folder is here
    #[arg(long, value_name = "F")]
    pub(crate) token_file: Option<PathBuf>,
    /// The server's data folder, to find address and token in
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
    Ndjson,
    Csv,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Query {
    /// For example: select rung, count(*) from links group by rung
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Ends with 0 whenever the server could be asked, whatever is wrong with its feeds.
#[derive(Clone, Debug, Args)]
pub(crate) struct Doctor {
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Search {
    /// For example: { resource.service.name = "shop" && duration > 200ms && access.user = "ana@example.com" }
    #[arg(value_name = "TRACEQL", default_value = "{ }")]
    pub(crate) query: String,
    /// From when, like 2026-11-22T07:00:00Z; without it an hour before the end
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Until when; without it now
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// How many traces at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Trace {
    /// 32 hex digits
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// `table` draws it; `json` is the API's answer
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Columns of the drawing; without it those of the terminal
    #[arg(long, value_name = "N")]
    pub(crate) width: Option<usize>,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum StandIn {
    /// A TCP forwarder that logs as a ZPA app connector does: to try without Zscaler
    Zpa(StandInZpa),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StandInZpa {
    /// The app behind it
    #[arg(long, value_name = "B")]
    pub(crate) upstream: String,
    /// Where the LSS records go: the server's `zpa_user_activity` listener
    #[arg(long, value_name = "C")]
    pub(crate) lss: String,
    /// A person and the address that is only theirs; once a person
    #[arg(long = "user", value_name = "NAME=LISTEN_ADDR", required = true, value_parser = user)]
    pub(crate) users: Vec<(String, SocketAddr)>,
    /// The address from which it connects to the app; without it 127.0.1.1 towards an app on this machine, else its own
    #[arg(long, value_name = "127.0.1.N")]
    pub(crate) connector_ip: Option<IpAddr>,
    /// A person whom the rule rejects; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) deny: Vec<String>,
    /// How long the app connector's set-up really takes
    #[arg(long, value_name = "D", default_value = "0ms", value_parser = duration)]
    pub(crate) setup_delay: Duration,
    /// Which records a connection gives
    #[arg(long, value_name = "R", default_value = "open,active,close", value_delimiter = ',')]
    pub(crate) records: Vec<RecordName>,
    /// Which template renders them: the vendor's default, or Fanlight's own with the timers that the default lacks
    #[arg(long, value_enum, default_value_t = TemplateName::Default)]
    pub(crate) template: TemplateName,
    /// Written with `{user: address}` once all listen
    #[arg(long, value_name = "F")]
    pub(crate) ready_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordName {
    Open,
    Active,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplateName {
    Default,
    Superset,
}

/// The same seed gives the same bytes on every machine.
#[derive(Clone, Debug, Args)]
pub(crate) struct Simulate {
    /// The folder to write; it must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How large the company is
    #[arg(long, value_name = "S|M|L", default_value = "S")]
    pub(crate) profile: Profile,
    /// How many minutes of its time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    pub(crate) minutes: u32,
    /// What goes wrong; `mix` is a bit of everything
    #[arg(long, value_name = "NAME", default_value = "mix")]
    pub(crate) scenario: CompanyScenario,
}

/// With `--reparse` the lines that a server keeps go through a newer one's parser: what is read now takes the place of what was read
/// then, under the time at which it came.
#[derive(Clone, Debug, Args)]
pub(crate) struct Replay {
    /// What `fanlight simulate --out DIR` wrote; with `--reparse` a server's data folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The API of the server that they go to, for example http://127.0.0.1:8080
    #[arg(long = "to", value_name = "URL")]
    pub(crate) server: String,
    /// How many times as fast as the company lived, or `max`: as fast as the server takes it
    #[arg(long, value_name = "N|max", default_value = "max")]
    pub(crate) speed: String,
    /// Begin anew, whatever an earlier replay has sent
    #[arg(long)]
    pub(crate) restart: bool,
    /// What `fanlight serve --ready-file F` wrote: where its listeners are. Without it they are at their defaults, as far from them as the API is
    #[arg(long, value_name = "F")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Read kept lines again
    #[arg(long)]
    pub(crate) reparse: bool,
    /// Only lines of this feed
    #[arg(long, value_name = "F")]
    pub(crate) feed: Option<String>,
    /// Only lines of which this much could be read when they came
    #[arg(long, value_enum)]
    pub(crate) level: Option<LevelName>,
    /// A file with a token that the server's receivers want; without it none is sent
    #[arg(long, value_name = "F")]
    pub(crate) token_file: Option<PathBuf>,
}

impl Replay {
    /// An option that was typed and is about kept lines alone.
    pub(crate) fn of_kept_lines(&self) -> Option<&'static str> {
        match (&self.feed, self.level) {
            (Some(_), _) => Some("--feed"),
            (None, Some(_)) => Some("--level"),
            (None, None) => None,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Score {
    /// The company: what `fanlight simulate --out DIR` wrote
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// All figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a page with plots, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelName {
    Strict,
    Repaired,
    Raw,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Ingest {
    /// Decode a file of records without a server: a JSON object a record
    Test(IngestTest),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct IngestTest {
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// For example zpa_user_activity
    #[arg(long, value_name = "F")]
    pub(crate) feed: String,
    #[arg(long, value_enum, default_value_t = Output::Json)]
    pub(crate) output: Output,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Config {
    /// Say whether a configuration is right, or what is wrong where
    Check {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print every key with its default and its reason
    Example,
    /// Print a table of every field of every feed: what it means, its unit, what stands for "not there", where it goes
    Fields,
    /// Say what a template of your own will be taken for: key by key, what it lacks, and what it makes possible
    Explain {
        /// The template as pasted in Zscaler's console; `-` reads it from the input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// For example zpa_user_activity
        #[arg(long, value_name = "F")]
        feed: String,
        #[arg(long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// Print the text to paste into Zscaler's feed settings
    Template {
        /// For example zpa_user_activity
        #[arg(value_name = "FEED")]
        feed: String,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::config::duration(text)
}

fn user(text: &str) -> Result<(String, SocketAddr), String> {
    let (name, address) = text.rsplit_once('=').ok_or("write it like `ana@example.com=127.0.0.1:7001`")?;
    let address = address
        .parse()
        .map_err(|_| format!("`{address}` is not an address and port, like `127.0.0.1:7001`"))?;
    if name.is_empty() {
        Err("the name is missing before `=`".to_owned())
    } else {
        Ok((name.to_owned(), address))
    }
}
