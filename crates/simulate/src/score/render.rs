//! A score for people and for programs.

pub(crate) mod html;
pub(crate) mod json;
mod plot;
pub(crate) mod table;

use super::measure::{Measure, Share};

/// A share in percent, with as many digits as tell 99.99 from 100.
fn percent(share: &Measure<Share>) -> String {
    share.text(|share| format!("{:.2} %", share.value() * 100.0))
}

/// A share in percent and its interval.
fn percent_within(share: &Measure<Share>) -> String {
    share.text(|share| {
        let (low, high) = share.interval();
        format!("{:.2} [{:.2} {:.2}]", share.value() * 100.0, low * 100.0, high * 100.0)
    })
}

/// A figure with four digits.
fn figure(figure: &Measure<f64>) -> String {
    figure.text(|figure| format!("{figure:.4}"))
}
