//! The score as JSON.

use super::super::Score;

/// JSON, indented by two spaces and ended by a newline.
pub(crate) fn text(score: &Score) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(score).map(|text| text + "\n")
}
