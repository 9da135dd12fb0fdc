//! What goes wrong, when, where, and how much: the questions that everything else asks.

mod plan;

use fanlight_model::Timestamp;

pub(crate) use plan::plan;

/// What goes wrong, and with what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    Throttle {
        department: usize,
    },
    RuleChange {
        app: usize,
    },
    Reroute {
        site: usize,
        penalty_ns: i64,
    },
    ConnectorOverload {
        connector: usize,
    },
    PolicySlow,
    RetryStorm {
        service: usize,
    },
    SlowDb {
        database: usize,
        shard: usize,
    },
    BadDeploy {
        service: usize,
    },
    LastMile {
        provider: usize,
    },
    SaasSlow {
        saas: usize,
    },
    Posture,
    AgentMisuse {
        agent: usize,
    },
    LssOutage {
        receiver: usize,
    },
    NssOutage {
        repeats_ns: i64,
    },
    Duplicates,
    ClockStep {
        node: usize,
        by_ns: i64,
    },
    /// Ten times the visits of a department for a minute: nothing is wrong.
    FlashCrowd {
        department: usize,
    },
}

/// One incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    pub(crate) number: u32,
    pub(crate) fault: Fault,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// How much, in the fault's own measure: a factor, a share, milliseconds.
    pub(crate) intensity: f64,
    /// What invites a wrong answer.
    pub(crate) trap: &'static str,
}

impl Fault {
    /// Its name in `truth/incidents.ndjson`.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Throttle { .. } => "throttle",
            Self::RuleChange { .. } => "rule_change",
            Self::Reroute { .. } => "reroute",
            Self::ConnectorOverload { .. } => "connector_overload",
            Self::PolicySlow => "policy_slow",
            Self::RetryStorm { .. } => "retry_storm",
            Self::SlowDb { .. } => "slow_db",
            Self::BadDeploy { .. } => "bad_deploy",
            Self::LastMile { .. } => "last_mile",
            Self::SaasSlow { .. } => "saas_slow",
            Self::Posture => "posture",
            Self::AgentMisuse { .. } => "agent_misuse",
            Self::LssOutage { .. } => "lss_outage",
            Self::NssOutage { .. } => "nss_outage",
            Self::Duplicates => "duplicates",
            Self::ClockStep { .. } => "clock_step",
            Self::FlashCrowd { .. } => "flash_crowd",
        }
    }

    /// The cause that a verdict about it should name.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Throttle { .. } => "edge_capacity",
            Self::RuleChange { .. } | Self::PolicySlow | Self::AgentMisuse { .. } => "edge_policy",
            Self::Reroute { .. } => "reroute",
            Self::ConnectorOverload { .. } => "connector",
            Self::RetryStorm { .. } => "mesh",
            Self::SlowDb { .. } => "dependency",
            Self::BadDeploy { .. } => "our_code",
            Self::LastMile { .. } => "last_mile",
            Self::SaasSlow { .. } => "internet_saas",
            Self::Posture => "identity_posture",
            Self::LssOutage { .. }
            | Self::NssOutage { .. }
            | Self::Duplicates
            | Self::ClockStep { .. }
            | Self::FlashCrowd { .. } => "none",
        }
    }
}

/// All incidents of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incidents {
    pub(crate) all: Vec<Incident>,
}

impl Incidents {
    /// The first that is going on and of which `choose` tells something.
    pub(crate) fn find<T>(&self, now: Timestamp, choose: impl Fn(&Incident) -> Option<T>) -> Option<T> {
        self.all.iter().filter(|incident| incident.start <= now && now < incident.end).find_map(choose)
    }

    /// The number and intensity of the one with exactly this fault.
    pub(crate) fn of(&self, now: Timestamp, fault: &Fault) -> Option<(u32, f64)> {
        self.find(now, |incident| (incident.fault == *fault).then_some((incident.number, incident.intensity)))
    }

    /// The drained site's incident and what the way round adds to a round trip.
    pub(crate) fn drained(&self, now: Timestamp, site: usize) -> Option<(u32, i64)> {
        self.find(now, |incident| match incident.fault {
            Fault::Reroute { site: drained, penalty_ns } if drained == site => {
                Some((incident.number, penalty_ns))
            }
            _ => None,
        })
    }

    /// Whether an app connector has run out of ports: in the second half of its overload.
    pub(crate) fn is_exhausted(&self, now: Timestamp, connector: usize) -> bool {
        let half = |incident: &Incident| {
            let length = incident.end.nanos_since(incident.start);
            (incident.fault == Fault::ConnectorOverload { connector })
                .then(|| now.nanos_since(incident.start) * 2 > length)
        };
        self.find(now, half).unwrap_or(false)
    }

    /// Whether an outage of a feed holds a record of that time back; until when, and what is sent twice after it.
    pub(crate) fn outage(&self, is_it: impl Fn(&Fault) -> bool) -> impl Iterator<Item = &Incident> {
        self.all.iter().filter(move |incident| is_it(&incident.fault))
    }
}
