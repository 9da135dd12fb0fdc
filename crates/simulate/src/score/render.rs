//! A score for people and for programs.

pub(crate) mod html;
pub(crate) mod json;
mod plot;
pub(crate) mod table;

use super::measure::{Measure, Share};
use super::rung::Place;

/// A share in percent. It is rounded down: only what is whole is 100.
fn percent(share: &Measure<Share>) -> String {
    share.text(|share| format!("{} %", of_ten_thousand(*share)))
}

/// A share in percent and its interval, which is rounded outwards.
fn percent_within(share: &Measure<Share>) -> String {
    share.text(|share| {
        let (low, high) = share.interval();
        let (low, high) = ((low * 1e4).floor() / 1e2, (high * 1e4).ceil() / 1e2);
        format!("{} [{low:.2} {high:.2}]", of_ten_thousand(*share))
    })
}

fn of_ten_thousand(share: Share) -> String {
    let parts = u128::from(share.hits) * 10_000 / u128::from(share.cases.max(1));
    format!("{}.{:02}", parts / 100, parts % 100)
}

/// A figure with four digits.
fn figure(figure: &Measure<f64>) -> String {
    figure.text(|figure| format!("{figure:.4}"))
}

/// The feeds of a rung, where there is more than one: a single one is the rung.
fn several(feeds: &Measure<Vec<Place>>) -> &[Place] {
    feeds.value().filter(|feeds| feeds.len() > 1).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One miss in a hundred thousand is not 100 %.
    #[test]
    fn only_the_whole_is_a_hundred() {
        assert_eq!(percent(&Share::of(99_999, 100_000)), "99.99 %");
        assert_eq!(percent_within(&Share::of(10, 10)), "100.00 [72.24 100.00]");
        assert_eq!(percent(&Share::of(0, 0)), "no cases");
    }
}
