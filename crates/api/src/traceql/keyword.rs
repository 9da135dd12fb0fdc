//! The words of the language: fields, scopes, values, and what is known but not supported.

use fanlight_model::attribute;
use fanlight_store::AccessField;

use super::syntax::Intrinsic;

/// Spellings of what a span or its trace has by nature; the first of each is the one that is printed.
pub(super) const INTRINSICS: [(&str, Intrinsic); 16] = [
    ("name", Intrinsic::Name),
    ("span:name", Intrinsic::Name),
    ("status", Intrinsic::Status),
    ("span:status", Intrinsic::Status),
    ("statusMessage", Intrinsic::StatusMessage),
    ("span:statusMessage", Intrinsic::StatusMessage),
    ("duration", Intrinsic::Duration),
    ("span:duration", Intrinsic::Duration),
    ("kind", Intrinsic::Kind),
    ("span:kind", Intrinsic::Kind),
    ("traceDuration", Intrinsic::TraceDuration),
    ("trace:duration", Intrinsic::TraceDuration),
    ("rootName", Intrinsic::RootName),
    ("trace:rootName", Intrinsic::RootName),
    ("rootServiceName", Intrinsic::RootServiceName),
    ("trace:rootService", Intrinsic::RootServiceName),
];

/// Fields of the scope `access`.
pub(super) const ACCESS: [(&str, AccessField); 12] = [
    ("user", AccessField::User),
    ("disposition", AccessField::Disposition),
    ("effects", AccessField::Effects),
    ("rule", AccessField::Rule),
    ("app", AccessField::App),
    ("app_segment", AccessField::AppSegment),
    ("service_edge", AccessField::ServiceEdge),
    ("app_connector", AccessField::AppConnector),
    ("device", AccessField::Device),
    ("product", AccessField::Product),
    ("reason", AccessField::Reason),
    ("client_address", AccessField::ClientAddress),
];

/// Attributes that enrichment alone writes. A late link does not reach the stored span, so the linked event is asked.
pub(super) const JOINED: [(&str, AccessField); 22] = [
    (attribute::ACCESS_CLIENT_ADDRESS, AccessField::ClientAddress),
    (attribute::ACCESS_PRODUCT, AccessField::Product),
    (attribute::ACCESS_DISPOSITION, AccessField::Disposition),
    (attribute::ACCESS_EFFECTS, AccessField::Effects),
    (attribute::ACCESS_REASON, AccessField::Reason),
    (attribute::ACCESS_APP, AccessField::App),
    (attribute::ACCESS_APP_SEGMENT, AccessField::AppSegment),
    (attribute::ACCESS_SERVICE_EDGE, AccessField::ServiceEdge),
    (attribute::ACCESS_APP_CONNECTOR, AccessField::AppConnector),
    (attribute::ACCESS_EVENT_TYPE, AccessField::Feed),
    (attribute::ACCESS_EVENT_UID, AccessField::EventUid),
    (attribute::ACCESS_PHASE_POLICY, AccessField::PhasePolicy),
    (attribute::ACCESS_PHASE_DISPATCH, AccessField::PhaseDispatch),
    (attribute::ACCESS_PHASE_CONNECTOR_SETUP, AccessField::PhaseConnectorSetup),
    (attribute::ACCESS_PHASE_SETUP, AccessField::PhaseSetup),
    (attribute::ACCESS_PHASE_SERVER_CONNECT, AccessField::PhaseServerConnect),
    (attribute::LINK_ID, AccessField::LinkId),
    (attribute::LINK_RUNG, AccessField::Rung),
    (attribute::LINK_CONFIDENCE, AccessField::Confidence),
    (attribute::LINK_RUNNER_UP, AccessField::RunnerUp),
    (attribute::LINK_RESIDUAL_MS, AccessField::ResidualMs),
    (attribute::LINK_LATE_BY_MS, AccessField::LateByMs),
];

/// Attributes that enrichment writes where the sender has not: the sender's own comes first, as in what is exported.
pub(super) const ENRICHED: [(&str, AccessField); 2] =
    [(attribute::USER_ID, AccessField::PrincipalId), (attribute::SECURITY_RULE_NAME, AccessField::Rule)];

pub(super) const STATUSES: [&str; 3] = ["error", "ok", "unset"];
pub(super) const KINDS: [&str; 6] = ["server", "client", "producer", "consumer", "internal", "unspecified"];
pub(super) const DISPOSITIONS: [&str; 3] = ["allowed", "blocked", "failed"];

/// Scopes of the language that nothing is stored of as columns.
pub(super) const LATER_SCOPES: [&str; 4] = ["event", "link", "instrumentation", "parent"];
/// Fields of the language likewise.
pub(super) const LATER_FIELDS: [&str; 11] = [
    "childCount",
    "span:childCount",
    "nestedSetLeft",
    "nestedSetRight",
    "nestedSetParent",
    "span:id",
    "span:parentID",
    "span:parent",
    "trace:id",
    "parent",
    "instrumentation",
];

pub(super) const PIPELINE: &str = "pipelines, with their aggregates, `select`, `by` and `with`, come together with metrics made of traces; a search takes one pair of braces";
pub(super) const STRUCTURE: &str = "relations between spans come together with searches by structure; a search takes one pair of braces, with conditions on one span";
pub(super) const ARITHMETIC: &str =
    "computing with fields comes together with metrics made of traces; compare one field with one value";
pub(super) const NEGATION: &str = "negation of an expression comes together with searches by structure; take the opposite operator: `!=`, `!~`, `<=`";
pub(super) const TWO_FIELDS: &str = "comparing two fields comes together with searches by structure; compare a field with a value, texts in quotes";
pub(super) const VALUE_FIRST: &str = "a value before its operator comes together with computing with fields; put the field first: `duration > 200ms`";
pub(super) const ALONE: &str = "an expression without an operator comes together with computing with fields; write `… = true`, or `… != nil` for any value";
pub(super) const SCOPE: &str = "span events, span links, instrumentation scopes and parents are searched by structure, which comes later; the trace itself shows them";
pub(super) const FIELD: &str = "this field comes together with searches by structure; a trace is opened by its id with `fanlight trace ID`";
