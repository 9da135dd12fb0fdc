//! What a token stands for.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

/// A token's value.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    Big(u64),
    Degrees(f64),
    Time(Option<Timestamp>),
    Address(Option<Ipv4Addr>),
    List(&'a [&'a str]),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Big(number)
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Big(number as u64)
    }
}

impl From<f64> for Value<'_> {
    fn from(degrees: f64) -> Self {
        Self::Degrees(degrees)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Time(Some(time))
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Time(time)
    }
}

impl From<Ipv4Addr> for Value<'_> {
    fn from(address: Ipv4Addr) -> Self {
        Self::Address(Some(address))
    }
}

impl From<Option<Ipv4Addr>> for Value<'_> {
    fn from(address: Option<Ipv4Addr>) -> Self {
        Self::Address(address)
    }
}
