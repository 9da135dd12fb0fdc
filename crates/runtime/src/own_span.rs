//! Spans about Fanlight's own work, for whoever runs it.

/// The `tracing` target of spans about our own work. Nothing but a subscriber that asks for it makes anything of them: without one they
/// cost a look at a flag.
pub const OWN_SPANS: &str = "fanlight.own";

/// Begins a trace about our own work: `own_trace!("intake.request", listener = name)`.
#[macro_export]
macro_rules! own_trace {
    ($name:literal $(, $($fields:tt)*)?) => {
        ::tracing::trace_span!(target: $crate::OWN_SPANS, parent: None, $name $(, $($fields)*)?)
    };
}

/// Goes on with one: `own_span!(request, "intake.scan")`, which is nothing where the span before is nothing. So what begins without a
/// trace stays without: Fanlight makes no spans about its own spans because nothing begins a trace about them.
#[macro_export]
macro_rules! own_span {
    ($parent:expr, $name:literal $(, $($fields:tt)*)?) => {
        match &$parent {
            parent if parent.is_disabled() => ::tracing::Span::none(),
            parent => ::tracing::trace_span!(target: $crate::OWN_SPANS, parent: parent, $name $(, $($fields)*)?),
        }
    };
}
