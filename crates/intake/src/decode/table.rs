//! The tables of all feeds.

pub(crate) mod zpa_user_activity;

use fanlight_model::Feed;

use super::feed_table::FeedTable;

/// All that there are. Where two know a line equally well the first is taken.
pub(crate) static TABLES: &[&FeedTable] = &[&zpa_user_activity::ZPA_USER_ACTIVITY];

/// The table of a feed; `None` for a feed that this version does not decode yet.
pub fn feed_table(feed: Feed) -> Option<&'static FeedTable> {
    TABLES.iter().copied().find(|table| table.feed == feed)
}
