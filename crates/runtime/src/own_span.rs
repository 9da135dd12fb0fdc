//! Spans about Fanlight's own work, for whoever runs it.

/// The `tracing` target of spans about our own work. Nothing but a subscriber that asks for it makes anything of them: without one they
/// cost a look at a flag.
pub const OWN_SPANS: &str = "fanlight.own";

/// A span about our own work: `own_span!(root, "intake.request", listener = name)` begins a trace, `own_span!(parent, "intake.scan")`
/// goes on with one, and is nothing where the parent is nothing. So what begins with no span stays without: Fanlight makes no spans
/// about its own spans by never giving their way through the stages a root.
#[macro_export]
macro_rules! own_span {
    (root, $name:literal $(, $($fields:tt)*)?) => {
        ::tracing::trace_span!(target: $crate::OWN_SPANS, parent: None, $name $(, $($fields)*)?)
    };
    ($parent:expr, $name:literal $(, $($fields:tt)*)?) => {
        match &$parent {
            parent if parent.is_disabled() => ::tracing::Span::none(),
            parent => ::tracing::trace_span!(target: $crate::OWN_SPANS, parent: parent, $name $(, $($fields)*)?),
        }
    };
}
