//! JSON objects in which no name stands twice: of two values, two readers may take each another.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Names and their values.
pub(crate) type Object = BTreeMap<String, Value>;

/// An object that was read so.
pub(crate) struct Strict(pub(crate) Object);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut object = Object::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Strict(object))
    }
}

/// The whole text as one object.
pub(crate) fn object(text: &[u8]) -> Option<Object> {
    serde_json::from_slice::<Strict>(text).ok().map(|Strict(object)| object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_makes_no_object() {
        assert_eq!(object(br#"{"a":1,"b":2}"#).map(|object| object.len()), Some(2));
        for wrong in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "[]", "{}x", "{", "", "null"] {
            assert!(object(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
