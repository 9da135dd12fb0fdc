//! Lines that are pushed, several a request: Zscaler's cloud for its feeds, an agent for the access logs of proxies.

use super::error::ReplayError;
use super::post::Door;

pub(super) fn door(url: &str, token: Option<&str>) -> Result<Door, ReplayError> {
    Door::new(url, "application/x-ndjson", token, false)
}
