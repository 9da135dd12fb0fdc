//! Values as text: scalars plainly, anything else as canonical JSON (RFC 8785).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Value;

/// The text of a value that has no borrowed one.
pub(super) fn of(value: Value<'_>) -> String {
    let mut text = String::new();
    match value {
        Value::Str(plain) => text.push_str(plain),
        Value::Double(number) => push_double(&mut text, number),
        Value::Bytes(bytes) => push_base64(&mut text, bytes),
        Value::Empty => {}
        other => push_json(&mut text, other),
    }
    text
}

fn push_json(text: &mut String, value: Value<'_>) {
    match value {
        Value::Str(plain) => push_quoted(text, plain),
        Value::Bool(yes) => text.push_str(if yes { "true" } else { "false" }),
        Value::Int(number) => push_display(text, number),
        Value::Double(number) if number.is_finite() => push_double(text, number),
        Value::Double(number) => {
            text.push('"');
            push_double(text, number);
            text.push('"');
        }
        Value::Bytes(bytes) => {
            text.push('"');
            push_base64(text, bytes);
            text.push('"');
        }
        Value::Array(array) => {
            text.push('[');
            for (position, element) in array.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                push_json(text, element);
            }
            text.push(']');
        }
        Value::Map(map) => {
            // RFC 8785 sorts keys by their UTF-16 code units; a later equal key takes the place of an earlier.
            let sorted: BTreeMap<Vec<u16>, _> =
                map.iter().map(|(key, value)| (key.encode_utf16().collect(), (key, value))).collect();
            text.push('{');
            for (position, (key, value)) in sorted.into_values().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                push_quoted(text, key);
                text.push(':');
                push_json(text, value);
            }
            text.push('}');
        }
        Value::Empty => text.push_str("null"),
    }
}

/// As ECMAScript prints numbers: the fewest digits that read back as the same number, an exponent only where it is shorter.
fn push_double(text: &mut String, number: f64) {
    let size = number.abs();
    if number.is_nan() {
        text.push_str("NaN");
    } else if number.is_infinite() {
        text.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    } else if size == 0.0 {
        text.push('0');
    } else if (1e-6..1e21).contains(&size) {
        push_display(text, number);
    } else {
        let printed = format!("{number:e}");
        if size >= 1.0 {
            text.push_str(&printed.replace('e', "e+"));
        } else {
            text.push_str(&printed);
        }
    }
}

fn push_display(text: &mut String, shown: impl std::fmt::Display) {
    // Writing into a `String` cannot fail.
    if write!(text, "{shown}").is_err() {
        text.push('?');
    }
}

fn push_quoted(text: &mut String, plain: &str) {
    text.push('"');
    for character in plain.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control < ' ' => push_display(text, format_args!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

fn push_base64(text: &mut String, bytes: &[u8]) {
    let digit = |six: u32| {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let place = usize::try_from(six & 63).unwrap_or_default();
        char::from(DIGITS.get(place).copied().unwrap_or(b'='))
    };
    for chunk in bytes.chunks(3) {
        let (one, two, three) = match *chunk {
            [one, two, three] => (one, two, three),
            [one, two] => (one, two, 0),
            [one] => (one, 0, 0),
            _ => return,
        };
        let bits = u32::from(one) << 16 | u32::from(two) << 8 | u32::from(three);
        text.push(digit(bits >> 18));
        text.push(digit(bits >> 12));
        text.push(if chunk.len() > 1 { digit(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { digit(bits) } else { '=' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(number: f64) -> String {
        of(Value::Double(number))
    }

    /// The figures are ECMAScript's own: what a browser prints for each.
    #[test]
    fn doubles_read_as_in_a_browser() {
        for (number, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(number), expected);
        }
    }

    #[test]
    fn bytes_read_as_base64() {
        for (bytes, expected) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xff\xfe\xfd", "//79")]
        {
            assert_eq!(of(Value::Bytes(bytes)), expected);
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut text = String::new();
        push_quoted(&mut text, "a\"\\\n\u{1}\u{7f}é");
        assert_eq!(text, "\"a\\\"\\\\\\n\\u0001\u{7f}é\"");
    }
}
