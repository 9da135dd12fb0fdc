//! Why a connection is refused.

use fanlight_model::Timestamp;

use super::client::{Client, Who};
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;

/// A connection that never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// ZPA's `InternalReason`.
    pub(crate) code: &'static str,
    /// The vendor rule that refused it, where one did.
    pub(crate) rule: Option<&'static str>,
    pub(crate) incident: Option<u32>,
    pub(crate) cause: &'static str,
}

/// The rule that an incident inserts above the others.
pub(crate) const BLOCKING_RULE: &str = "Block legacy access";
/// The rule that asks for a sound device.
pub(crate) const POSTURE_RULE: &str = "Require compliant device";
/// The rule that a declared set of apps is kept by.
pub(crate) const AGENT_RULE: &str = "Agents: declared apps only";

/// Of the persons, one in so many comes under the rule that is inserted.
const CONCERNED: usize = 3;

impl Company {
    /// The first rule that fits, where it refuses.
    pub(crate) fn refusal(
        &self,
        client: &Client,
        app: usize,
        now: Timestamp,
        random: &mut Random,
    ) -> Option<Refusal> {
        let rejected = |rule, incident, cause| Refusal {
            code: "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY",
            rule: Some(rule),
            incident,
            cause,
        };
        match client.who {
            Who::Person(person) => {
                if let Some((incident, _)) = self.incidents.of(now, &Fault::RuleChange { app })
                    && person % CONCERNED != 0
                {
                    return Some(rejected(BLOCKING_RULE, Some(incident), "edge_policy"));
                }
                let incident = self.incidents.of(now, &Fault::Posture).map(|(number, _)| number);
                if client.misses > 1 {
                    // Some are asked to sign in again first.
                    return Some(if random.chance(0.2) {
                        Refusal {
                            code: "BRK_MT_SETUP_FAIL_SAML_EXPIRED",
                            rule: None,
                            incident,
                            cause: "identity_posture",
                        }
                    } else {
                        rejected(POSTURE_RULE, incident, "identity_posture")
                    });
                }
                None
            }
            Who::Agent(agent) => {
                let declared = self.topology.agents.get(agent).apps.contains(&app);
                let incident =
                    self.incidents.of(now, &Fault::AgentMisuse { agent }).map(|(number, _)| number);
                // The rule stands for half of the apps: what is not covered gets through.
                (!declared && app.is_multiple_of(2)).then(|| rejected(AGENT_RULE, incident, "edge_policy"))
            }
            Who::Identity(_) => None,
        }
    }
}
