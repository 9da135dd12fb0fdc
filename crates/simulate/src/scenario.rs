//! What goes wrong in a company.

use std::fmt;
use std::str::FromStr;

use crate::profile::UnknownName;

macro_rules! scenarios {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What goes wrong in a company.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scenario { $($(#[$doc])* $name),* }

        impl Scenario {
            /// Every scenario.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

scenarios! {
    /// One thing after another, the first within the first minute, with quiet stretches between.
    #[default]
    Mix = "mix";
    /// Drawn by the seed: 40 % one incident, 20 % two that overlap, 20 % none, 20 % faults of feeds only.
    Drawn = "drawn";
    /// Nothing.
    Quiet = "quiet";
    /// A bandwidth class at a tenth of its rate for one department.
    Throttle = "throttle";
    /// A vendor rule that blocks is inserted above the one that allowed.
    RuleChange = "rule_change";
    /// A data centre of the edge is drained.
    Reroute = "reroute";
    /// An app connector has no processor time and no ports left.
    ConnectorOverload = "connector_overload";
    /// One shard of a database takes ten times as long.
    SlowDb = "slow_db";
    /// One version of a service takes 200 ms more.
    BadDeploy = "bad_deploy";
    /// One internet provider loses 3 % of its packets.
    LastMile = "last_mile";
    /// A SaaS host takes eight times as long to its first byte.
    SaasSlow = "saas_slow";
    /// Devices fail posture after an update of their client.
    Posture = "posture";
    /// An agent calls apps outside its set, at fifty times its rate.
    AgentMisuse = "agent_misuse";
    /// The central authority takes a hundred times as long.
    PolicySlow = "policy_slow";
    /// Sidecars retry what a dependency refuses.
    RetryStorm = "retry_storm";
    /// An outage of a feed, a storm of duplicates, a clock that is set: nothing is wrong with the company.
    FeedFaults = "feed_faults";
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scenario {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let asked = text.replace('-', "_");
        Self::ALL.iter().copied().find(|scenario| scenario.as_str() == asked).ok_or_else(|| UnknownName {
            name: text.to_owned(),
            known: Self::ALL.iter().map(|scenario| scenario.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}
