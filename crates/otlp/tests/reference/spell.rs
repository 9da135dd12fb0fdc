//! The same JSON, spelled in other legal ways.

use serde_json::Value;

use crate::generate::Dice;

/// What JSON, and a request in it, is made of.
pub(crate) const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "false",
    "0",
    "-1.5e3",
    "\"a\"",
    "\"\\ud800\"",
    " ",
    "\"name\":\"x\",",
    "\"name\":5,",
    "\"attributes\":[",
    "{\"key\":\"k\",\"value\":",
    "{\"stringValue\":\"s\"}",
    "{\"intValue\":\"7\"}",
    "{\"arrayValue\":{\"values\":[",
    "]}}",
    "\"traceId\":\"0102030405060708090a0b0c0d0e0f10\",",
    "\"spanId\":\"a1a2a3a4a5a6a7a8\",",
    "\"traceId\":\"zz\",",
    "\"events\":[{}],",
    "\"links\":[{\"traceId\":\"\"}],",
    "\"status\":{\"code\":\"STATUS_CODE_OK\"},",
    "\"kind\":9,",
    "\"startTimeUnixNano\":\"1\",",
    "\"unknown\":{\"a\":[[]]},",
    "\"spans\":[{}],",
    "\"resource\":{\"attributes\":7},",
];

/// Writes a value: space anywhere, letters as escapes, names in either spelling, numbers as text and text as numbers, enumerations
/// by name, ids in either case, base64 in either alphabet, unknown fields and nulls between the others.
pub(crate) fn spelled(value: &Value, dice: &mut Dice) -> String {
    let mut out = String::new();
    write(value, "", dice, &mut out);
    out
}

fn write(value: &Value, key: &str, dice: &mut Dice, out: &mut String) {
    space(dice, out);
    match value {
        Value::Object(fields) => {
            out.push('{');
            let mut is_first = true;
            for (name, value) in fields {
                odd_field(dice, out, &mut is_first);
                comma(out, &mut is_first);
                write_text(&named(name, dice), dice, out);
                space(dice, out);
                out.push(':');
                write(value, name, dice, out);
            }
            odd_field(dice, out, &mut is_first);
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            let mut is_first = true;
            for element in elements {
                comma(out, &mut is_first);
                write(element, "", dice, out);
            }
            space(dice, out);
            out.push(']');
        }
        Value::String(text) => write_string(text, key, dice, out),
        Value::Number(number) => write_number(&number.to_string(), key, dice, out),
        other => out.push_str(&other.to_string()),
    }
    space(dice, out);
}

fn comma(out: &mut String, is_first: &mut bool) {
    if !std::mem::replace(is_first, false) {
        out.push(',');
    }
}

fn odd_field(dice: &mut Dice, out: &mut String, is_first: &mut bool) {
    if dice.roll(6) > 0 {
        return;
    }
    comma(out, is_first);
    out.push_str(match dice.roll(4) {
        0 => "\"notYetKnown\" : {\"a\":[1,{\"b\":\"}\"}]}",
        1 => "\"name\":null",
        2 => "\"attributes\" : null",
        _ => "\"x\":[ ]",
    });
}

fn named(name: &str, dice: &mut Dice) -> String {
    if dice.roll(3) > 0 {
        return name.to_owned();
    }
    name.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        snake
    })
}

fn write_string(text: &str, key: &str, dice: &mut Dice, out: &mut String) {
    let odd = dice.roll(2) == 0;
    match key {
        "startTimeUnixNano" | "endTimeUnixNano" | "timeUnixNano" | "intValue" if odd => out.push_str(text),
        "traceId" | "spanId" | "parentSpanId" if odd => write_text(&text.to_ascii_uppercase(), dice, out),
        "bytesValue" if odd => {
            let url = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
            write_text(&url, dice, out);
        }
        _ => write_text(text, dice, out),
    }
}

fn write_number(number: &str, key: &str, dice: &mut Dice, out: &mut String) {
    const KINDS: [&str; 6] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
    const CODES: [&str; 3] = ["UNSET", "OK", "ERROR"];
    let place = number.parse().unwrap_or(usize::MAX);
    let name = match key {
        "kind" => KINDS.get(place).map(|name| format!("SPAN_KIND_{name}")),
        "code" => CODES.get(place).map(|name| format!("STATUS_CODE_{name}")),
        _ => None,
    };
    match (dice.roll(3), name) {
        (0, Some(name)) => write_text(&name, dice, out),
        (1, _) => write_text(number, dice, out),
        (0, None) if place != usize::MAX => out.push_str(&format!("{number}.0e0")),
        _ => out.push_str(number),
    }
}

fn write_text(text: &str, dice: &mut Dice, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        let must = matches!(letter, '"' | '\\' | '\0'..' ');
        if must || dice.roll(40) == 0 {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.push_str(&if dice.roll(2) == 0 {
                    format!("\\u{unit:04x}")
                } else {
                    format!("\\u{unit:04X}")
                });
            }
        } else {
            out.push(letter);
        }
    }
    out.push('"');
}

fn space(dice: &mut Dice, out: &mut String) {
    if dice.roll(8) == 0 {
        out.push_str([" ", "\n", "\t ", "\r\n"][usize::try_from(dice.roll(4)).unwrap_or(0)]);
    }
}
