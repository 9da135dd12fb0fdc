//! A figure, or why there is none.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::intervals::wilson;

/// A figure, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure<T> {
    /// What it would measure is not made yet.
    Absent,
    /// There was nothing to measure.
    NoCases,
    /// The figure.
    Of(T),
}

impl<T> Measure<T> {
    /// The figure, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Of(value) => Some(value),
            Self::Absent | Self::NoCases => None,
        }
    }

    /// Another figure from this one.
    pub fn map<U>(&self, change: impl FnOnce(&T) -> U) -> Measure<U> {
        match self {
            Self::Absent => Measure::Absent,
            Self::NoCases => Measure::NoCases,
            Self::Of(value) => Measure::Of(change(value)),
        }
    }

    /// The figure as text, or the words for why there is none.
    pub fn text(&self, figure: impl FnOnce(&T) -> String) -> String {
        match self {
            Self::Absent => "absent".to_owned(),
            Self::NoCases => "no cases".to_owned(),
            Self::Of(value) => figure(value),
        }
    }

    /// `Absent` unless it is made.
    pub(crate) fn if_made(self, is_made: bool) -> Self {
        if is_made { self } else { Self::Absent }
    }
}

impl<T: Serialize> Serialize for Measure<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_str("absent"),
            Self::NoCases => serializer.serialize_str("no cases"),
            Self::Of(value) => value.serialize(serializer),
        }
    }
}

/// So many of so many. In JSON: `value`, `hits`, `cases`, `low`, `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many were.
    pub hits: u64,
    /// Of how many; never 0.
    pub cases: u64,
}

impl Share {
    /// A share, where there are cases.
    pub const fn of(hits: u64, cases: u64) -> Measure<Self> {
        if cases == 0 { Measure::NoCases } else { Measure::Of(Self { hits, cases }) }
    }

    /// From 0 to 1.
    pub fn value(self) -> f64 {
        self.hits as f64 / self.cases as f64
    }

    /// Between which two shares the true one lies, at 95 %.
    pub fn interval(self) -> (f64, f64) {
        wilson(self.hits, self.cases)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (low, high) = self.interval();
        let mut fields = serializer.serialize_struct("Share", 5)?;
        fields.serialize_field("value", &self.value())?;
        fields.serialize_field("hits", &self.hits)?;
        fields.serialize_field("cases", &self.cases)?;
        fields.serialize_field("low", &low)?;
        fields.serialize_field("high", &high)?;
        fields.end()
    }
}
