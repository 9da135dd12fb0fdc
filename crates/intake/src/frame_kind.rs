//! What the frames of intake's log hold.

/// The body of one OTLP trace request: protobuf, decompressed.
pub const OTLP_TRACES: u8 = 1;
/// What one read of an LSS stream gave, as received.
pub const LSS_READ: u8 = 2;
/// The LSS stream of this source has ended; no bytes.
pub const LSS_CLOSED: u8 = 3;
/// The same of Fanlight's own spans: they are stored and never exported.
pub const OWN_TRACES: u8 = 4;
