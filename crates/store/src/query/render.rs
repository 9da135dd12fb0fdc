//! Arrow values as the contract's JSON.

use datafusion::arrow::array::{Array, AsArray, StructArray};
use datafusion::arrow::datatypes::{
    DataType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::array_value_to_string;
use fanlight_model::Timestamp;
use serde_json::{Map, Value};

/// One value as JSON: 64-bit integers, ids and bytes as strings, times RFC 3339 with nine digits, durations in nanoseconds as a
/// string, maps and structs as objects, lists as arrays, doubles as numbers. What JSON has no number for (NaN) is null.
pub(super) fn cell(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::Int64 => Value::String(array.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::UInt64 => Value::String(array.as_primitive::<UInt64Type>().value(row).to_string()),
        DataType::Float16 => number(f64::from(array.as_primitive::<Float16Type>().value(row))),
        DataType::Float32 => number(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Binary => hexadecimal(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => hexadecimal(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => hexadecimal(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => hexadecimal(array.as_fixed_size_binary().value(row)),
        DataType::Timestamp(unit, _) => Value::String(timestamp(array, row, *unit).to_rfc3339()),
        DataType::Duration(unit) => Value::String(duration_ns(array, row, *unit).to_string()),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::Map(..) => map(&array.as_map().value(row)),
        DataType::Struct(_) => structure(array.as_struct(), row),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or_default();
            cell(dictionary.values().as_ref(), key)
        }
        _ => array_value_to_string(array, row).map_or(Value::Null, Value::String),
    }
}

fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn hexadecimal(bytes: &[u8]) -> Value {
    Value::String(super::hex::text(bytes))
}

fn list(values: &dyn Array) -> Value {
    Value::Array((0..values.len()).map(|row| cell(values, row)).collect())
}

fn map(entries: &StructArray) -> Value {
    let mut object = Map::new();
    if let [keys, values] = entries.columns() {
        for row in 0..entries.len() {
            let key = match cell(keys.as_ref(), row) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            object.insert(key, cell(values.as_ref(), row));
        }
    }
    Value::Object(object)
}

fn structure(values: &StructArray, row: usize) -> Value {
    let fields = values.fields().iter().zip(values.columns());
    Value::Object(fields.map(|(field, column)| (field.name().clone(), cell(column.as_ref(), row))).collect())
}

fn timestamp(array: &dyn Array, row: usize, unit: TimeUnit) -> Timestamp {
    match unit {
        TimeUnit::Second => Timestamp::from_seconds(array.as_primitive::<TimestampSecondType>().value(row)),
        TimeUnit::Millisecond => {
            Timestamp::from_millis(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            Timestamp::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => {
            Timestamp::from_nanos(array.as_primitive::<TimestampNanosecondType>().value(row))
        }
    }
}

fn duration_ns(array: &dyn Array, row: usize, unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => i128::from(array.as_primitive::<DurationSecondType>().value(row)) * 1_000_000_000,
        TimeUnit::Millisecond => {
            i128::from(array.as_primitive::<DurationMillisecondType>().value(row)) * 1_000_000
        }
        TimeUnit::Microsecond => {
            i128::from(array.as_primitive::<DurationMicrosecondType>().value(row)) * 1_000
        }
        TimeUnit::Nanosecond => i128::from(array.as_primitive::<DurationNanosecondType>().value(row)),
    }
}
