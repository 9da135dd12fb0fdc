//! How sure we are of a pair: one formula for all rungs.
//!
//! Each candidate has a likelihood ratio `L = base(rung) · time`, and `confidence = L / (b + ΣL)`, where `b` weighs "the true
//! access event is missing, or still on its way". Only ratios matter, so `b` is 1 and each base is the odds, for a candidate
//! alone whose life holds the span, that it is the right one.

use fanlight_model::Rung;

/// How far outside a connection's life a span may start and still be a candidate, in nanoseconds.
/// Five seconds is the cold start's: until clock offsets are estimated, a full 4-tuple with raw 5 s tolerance keeps a precision of
/// 0.99995, while no tolerance loses one link in ten to clocks that are 50 to 200 ms off.
pub(crate) const TOLERANCE_NS: i64 = 5_000_000_000;

/// A link is asserted from here on (R0 to R4).
pub(crate) const ASSERT: f64 = 0.99;

/// Below this a candidate is not worth a row.
pub(crate) const WORTH_A_ROW: f64 = 0.01;

/// `b`: the weight of "the true access event is missing".
const MISSING: f64 = 1.0;

/// The scale of the tails outside a connection's life. Most hosts are 50 to 200 ms off, one in twenty some 2 s; an
/// exponential of 1 s leaves the latter 0.14, so that R2 survives 2 s and R3b does not.
const TAIL_NS: f64 = 1e9;

/// A connection without a close record that has been silent this long has lost `1 - 1/e` of its weight: 65 minutes, the late
/// limit. `active` records come about every 6 minutes, so a living connection loses little.
const SILENCE_NS: f64 = 65.0 * 60.0 * 1e9;

/// Silent for longer than a minute, a connection without a close record may have ended unseen: it no longer outweighs its rivals.
const FIRM_SILENCE_NS: i64 = 60_000_000_000;

/// What is left of a rival that agrees on less, or lies outside, when a connection firmly holds the span.
/// One host in twenty has a clock that could make it so, and one request in twenty-five lies that close to an end.
const BEHIND_A_FIRM_ONE: f64 = 0.002;

/// The odds of a candidate that stands alone and holds the span, by rung: how rarely a port of the app connector is used twice
/// within one life and agrees on this much. 0.9995, 0.998 and 0.993.
const fn base(rung: Rung) -> f64 {
    match rung {
        Rung::R2 => 1_999.0,
        Rung::R3 => 499.0,
        Rung::R3b => 142.0,
    }
}

/// Where a span's start lies with respect to a connection's life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// How far outside, in nanoseconds; 0 inside.
    pub(crate) outside_ns: i64,
    /// How long after the last sign of life of a connection that was not seen to close; 0 before that.
    pub(crate) silence_ns: i64,
}

impl Place {
    pub(crate) const fn is_inside(self) -> bool {
        self.outside_ns == 0
    }

    /// Inside, and not by our presumption alone.
    pub(crate) const fn is_firm(self) -> bool {
        self.outside_ns == 0 && self.silence_ns <= FIRM_SILENCE_NS
    }
}

/// The likelihood ratio of one candidate. `behind` says that another one firmly holds the span and agrees on at least as much.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds below an hour, as a ratio")]
pub(crate) fn likelihood(rung: Rung, place: Place, behind: bool) -> f64 {
    let tail = (-(place.outside_ns as f64) / TAIL_NS).exp();
    let silence = (-(place.silence_ns as f64) / SILENCE_NS).exp();
    base(rung) * tail * silence * if behind { BEHIND_A_FIRM_ONE } else { 1.0 }
}

/// The posterior of a candidate of likelihood `own` among candidates that sum to `all`.
pub(crate) fn posterior(own: f64, all: f64) -> f64 {
    own / (MISSING + all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(rung: Rung, outside_ms: i64, silence_minutes: i64) -> f64 {
        let place =
            Place { outside_ns: outside_ms * 1_000_000, silence_ns: silence_minutes * 60_000_000_000 };
        let own = likelihood(rung, place, false);
        posterior(own, own)
    }

    #[test]
    fn every_rung_asserts_a_lone_connection_that_holds_the_span() {
        for (rung, expected) in [(Rung::R2, 0.9995), (Rung::R3, 0.998), (Rung::R3b, 0.993)] {
            let confidence = alone(rung, 0, 0);
            assert!((confidence - expected).abs() < 1e-4 && confidence >= ASSERT, "{rung}: {confidence}");
        }
    }

    #[test]
    fn the_weaker_the_rung_the_sooner_a_span_outside_is_only_a_candidate() {
        assert!(alone(Rung::R2, 2_000, 0) >= ASSERT && alone(Rung::R2, 4_000, 0) < ASSERT);
        assert!(alone(Rung::R3, 1_000, 0) >= ASSERT && alone(Rung::R3, 2_000, 0) < ASSERT);
        assert!(alone(Rung::R3b, 200, 0) >= ASSERT && alone(Rung::R3b, 500, 0) < ASSERT);
    }

    #[test]
    fn confidence_falls_while_an_open_connection_is_silent() {
        assert!(alone(Rung::R3b, 0, 10) >= ASSERT && alone(Rung::R3b, 0, 40) < ASSERT);
        assert!(alone(Rung::R2, 0, 60) < alone(Rung::R2, 0, 10));
    }

    #[test]
    fn two_equal_candidates_share_and_neither_reaches_the_threshold() {
        let own = likelihood(Rung::R2, Place { outside_ns: 0, silence_ns: 0 }, false);
        assert!((posterior(own, 2.0 * own) - 0.5).abs() < 1e-3);
    }
}
