//! The value of one attribute, out of the maps that hold them all.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, MapArray, StringArray, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The attribute's value in the first of `maps` that has it; null where none has.
pub(in crate::query) fn attribute(key: &str, maps: Vec<Expr>) -> Expr {
    let attribute = Attribute {
        key: key.to_owned(),
        name: format!("attribute `{key}`"),
        signature: Signature::variadic_any(Volatility::Immutable),
    };
    ScalarUDF::from(attribute).call(maps)
}

/// Not callable from SQL: it is registered nowhere.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Attribute {
    key: String,
    /// Its own for each key: the planner tells columns apart by it.
    name: String,
    signature: Signature,
}

impl ScalarUDFImpl for Attribute {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut arrays = Vec::with_capacity(call.args.len());
        for argument in &call.args {
            arrays.push(argument.to_array(call.number_rows)?);
        }
        let mut maps = Vec::with_capacity(arrays.len());
        for array in &arrays {
            match array.as_map_opt().and_then(Entries::of) {
                Some(entries) => maps.push(entries),
                None => return exec_err!("attributes are not a map of texts"),
            }
        }
        let mut values = StringBuilder::new();
        for row in 0..call.number_rows {
            values.append_option(maps.iter().find_map(|entries| entries.value(row, &self.key)));
        }
        Ok(ColumnarValue::Array(Arc::new(values.finish())))
    }
}

struct Entries<'a> {
    map: &'a MapArray,
    keys: &'a StringArray,
    values: &'a StringArray,
}

impl<'a> Entries<'a> {
    fn of(map: &'a MapArray) -> Option<Self> {
        Some(Self { map, keys: map.keys().as_string_opt()?, values: map.values().as_string_opt()? })
    }

    /// Of equal keys the last, as everywhere.
    fn value(&self, row: usize, key: &str) -> Option<&'a str> {
        let offsets = self.map.value_offsets();
        let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok());
        let (from, to) = (at(row)?, at(row + 1)?);
        if self.map.is_null(row) {
            return None;
        }
        let found = (from..to).rev().find(|entry| self.keys.value(*entry) == key)?;
        self.values.is_valid(found).then(|| self.values.value(found))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{MapBuilder, StringBuilder};

    use super::*;

    #[test]
    fn the_last_of_equal_keys_is_in_force() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for pairs in [vec![("a", "1"), ("b", "2"), ("a", "3")], vec![], vec![("a", "4")]] {
            for (key, value) in pairs {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).expect("as many keys as values");
        }
        let maps = maps.finish().slice(0, 3);
        let entries = Entries::of(&maps).expect("texts");
        assert_eq!(
            (0..3).map(|row| entries.value(row, "a")).collect::<Vec<_>>(),
            [Some("3"), None, Some("4")]
        );
        let sliced = maps.slice(2, 1);
        assert_eq!(Entries::of(&sliced).expect("texts").value(0, "a"), Some("4"));
    }
}
