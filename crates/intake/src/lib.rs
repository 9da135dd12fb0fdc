//! The only door for foreign bytes: receive, decode, normalise.
//!
//! Sockets in, bytes made durable before they are acknowledged, then wire records, then the model. Nothing is thrown away for
//! being odd: a record is read as the format says, else mended, else kept raw with the reason, and each is counted. It never
//! joins, stores or forgets; what one sender does wrong never harms another.
//!
//! ```
//! use fanlight_identity::PrincipalNamer;
//! use fanlight_intake::decode_lines;
//! use fanlight_model::{Feed, ParseLevel, Timestamp};
//!
//! let line = br#"{"ConnectionID": "s,c","ConnectorIP": "192.0.2.7","ConnectorPort": 40001,"Username": "ana@example.com",}"#;
//! let namer = PrincipalNamer::for_tests();
//! let read = decode_lines(Feed::ZpaUserActivity, line, 1 << 20, Timestamp::default(), &namer);
//! assert_eq!(read[0].level, ParseLevel::Repaired); // a comma too many
//! ```

mod decode;
mod decoder;
pub mod frame_kind;
pub mod framing;
pub mod health;
mod kept_lines;
mod listen;
mod normalise;
mod receive;
mod settings;
mod source_id;

pub use decode::dialect::{Dialect, Escape, Syntax};
pub use decode::explain::{ExplainedKey, ExplainedTemplate, explain};
pub use decode::feed_setting::{Columns, FeedClock, FeedSettings};
pub use decode::feed_table::{FeedTable, Field, Kind, StampForm, Target, Unit};
pub use decode::line::RawReason;
pub use decode::note::Note;
pub use decode::table::feed_table;
pub use decode::template::template;
pub use decoder::{Decoded, DecodedLine, Decoder, SpanBatch, decode_lines, decode_lines_with};
pub use kept_lines::{KeptLine, NoKeptLines, visit_kept_lines};
pub use listen::{Listening, listen};
pub use normalise::span::service_id;
pub use receive::own::OwnSpans;
pub use receive::push::{Oauth, PreparedOauth, PushAnswer, PushDoor, PushRequest};
pub use settings::{
    ListenerSettings, OauthSettings, Payload, PushSettings, Settings, TailFile, TailSettings, stream_port,
};
