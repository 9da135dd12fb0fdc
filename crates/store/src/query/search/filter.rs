//! Which spans are looked for, in types: what a query language's own parser makes of its text.

use fanlight_model::Timestamp;

use super::pattern::Pattern;

/// A condition on one span, its trace and its access event.
#[derive(Clone, Debug, PartialEq)]
pub enum SpanFilter {
    /// Every span.
    Always,
    /// All of these.
    All(Vec<SpanFilter>),
    /// At least one of these.
    Any(Vec<SpanFilter>),
    /// One field.
    Test(SpanTest),
}

/// One field and what it has to be. A field that a span does not have fulfils no test but [`Test::Absent`].
#[derive(Clone, Debug, PartialEq)]
pub struct SpanTest {
    /// Which field.
    pub field: SpanField,
    /// What it has to be.
    pub test: Test,
}

/// What can be asked of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanField {
    /// Its name.
    Name,
    /// `unspecified`, `internal`, `server`, `client`, `producer`, `consumer`.
    Kind,
    /// `unset`, `ok`, `error`.
    Status,
    /// What its sender said of its status.
    StatusMessage,
    /// How long it took.
    Duration,
    /// From the first start to the last end of its trace's spans.
    TraceDuration,
    /// The name of its trace's root.
    RootName,
    /// The service of its trace's root.
    RootService,
    /// An attribute of the span.
    Attribute(String),
    /// An attribute of its resource.
    Resource(String),
    /// An attribute of the span, or else of its resource.
    Either(String),
    /// Something of the access event that is linked to it.
    Access(AccessField),
    /// An attribute of the span, or else what enrichment would write there.
    Enriched(String, AccessField),
}

/// What can be asked of a linked access event, and of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessField {
    /// The name of the principal, as the edge wrote it.
    User,
    /// The principal's pseudonym.
    PrincipalId,
    /// `allowed`, `blocked`, `failed`.
    Disposition,
    /// The vendor rule.
    Rule,
    /// The app.
    App,
    /// The app segment.
    AppSegment,
    /// The service edge.
    ServiceEdge,
    /// The app connector.
    AppConnector,
    /// The device.
    Device,
    /// `zpa`, `zia`, `envoy`, `gate`.
    Product,
    /// The vendor's reason code.
    Reason,
    /// Where the principal came from.
    ClientAddress,
    /// The feed.
    Feed,
    /// What else the edge did; a test holds where it holds for one of them.
    Effects,
    /// The event's id, as hex.
    EventUid,
    /// Seconds of the set-up that policy took; like all phases only on the first request of a connection.
    PhasePolicy,
    /// Seconds of dispatch.
    PhaseDispatch,
    /// Seconds of the app connector's set-up.
    PhaseConnectorSetup,
    /// Seconds of the whole set-up.
    PhaseSetup,
    /// Seconds until the server had accepted.
    PhaseServerConnect,
    /// The link's id, as hex.
    LinkId,
    /// The link's rung.
    Rung,
    /// The link's confidence, 0 to 1.
    Confidence,
    /// The best rival's, 0 to 1.
    RunnerUp,
    /// How far the span sticks out of the connection's life, in milliseconds.
    ResidualMs,
    /// How late the later of the two came, in milliseconds.
    LateByMs,
}

/// In which form a column holds a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A list of texts.
    Texts,
    /// Bytes, shown as hex.
    Id,
    Number,
    /// Microseconds, shown as seconds, of the first request alone.
    Phase,
}

impl AccessField {
    /// The column that holds it, of `access_events` or of `links`.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::User => "user_name",
            Self::PrincipalId => "principal_id",
            Self::Disposition => "disposition",
            Self::Rule => "rule",
            Self::App => "app",
            Self::AppSegment => "app_segment",
            Self::ServiceEdge => "service_edge",
            Self::AppConnector => "app_connector",
            Self::Device => "device",
            Self::Product => "product",
            Self::Reason => "reason",
            Self::ClientAddress => "client_address",
            Self::Feed => "feed",
            Self::Effects => "effects",
            Self::EventUid => "event_uid",
            Self::PhasePolicy => "policy_us",
            Self::PhaseDispatch => "phase_ca_us",
            Self::PhaseConnectorSetup => "phase_connector_setup_us",
            Self::PhaseSetup => "setup_us",
            Self::PhaseServerConnect => "phase_server_setup_us",
            Self::LinkId => "link_id",
            Self::Rung => "rung",
            Self::Confidence => "confidence",
            Self::RunnerUp => "runner_up",
            Self::ResidualMs => "residual_ms",
            Self::LateByMs => "late_by_ms",
        }
    }

    /// In which form it is there.
    pub(super) const fn form(self) -> Form {
        match self {
            Self::Effects => Form::Texts,
            Self::EventUid | Self::LinkId => Form::Id,
            Self::Confidence | Self::RunnerUp | Self::ResidualMs | Self::LateByMs => Form::Number,
            Self::PhasePolicy
            | Self::PhaseDispatch
            | Self::PhaseConnectorSetup
            | Self::PhaseSetup
            | Self::PhaseServerConnect => Form::Phase,
            _ => Form::Text,
        }
    }

    /// True for a number; what is compared with the others is a text.
    pub const fn is_number(self) -> bool {
        matches!(self.form(), Form::Number | Form::Phase)
    }
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

/// What a field has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A text that stands so to this one.
    Text(Comparison, String),
    /// A whole number that stands so to this one; of durations, nanoseconds.
    Whole(Comparison, i64),
    /// A number that stands so to this one.
    Number(Comparison, f64),
    /// A text that the pattern matches as a whole.
    Matches(Pattern),
    /// A text that the pattern does not match as a whole.
    MatchesNot(Pattern),
    /// Not there.
    Absent,
    /// There, whatever it is.
    Present,
}

/// The span's start lies from `start` up to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment.
    pub start: Timestamp,
    /// The last moment.
    pub end: Timestamp,
}

/// What a filter needs beside the spans themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Fields of the access event or the link.
    pub(super) access: Vec<AccessField>,
    /// True where a condition is on the whole trace.
    pub(super) trace: bool,
}

impl Needs {
    pub(super) fn of(filter: &SpanFilter) -> Self {
        let mut needs = Self::default();
        needs.look_at(filter);
        needs
    }

    fn look_at(&mut self, filter: &SpanFilter) {
        match filter {
            SpanFilter::Always => {}
            SpanFilter::All(parts) | SpanFilter::Any(parts) => {
                parts.iter().for_each(|part| self.look_at(part));
            }
            SpanFilter::Test(SpanTest { field, .. }) => match field {
                SpanField::Access(access) | SpanField::Enriched(_, access)
                    if !self.access.contains(access) =>
                {
                    self.access.push(*access);
                }
                SpanField::TraceDuration | SpanField::RootName | SpanField::RootService => self.trace = true,
                _ => {}
            },
        }
    }
}
