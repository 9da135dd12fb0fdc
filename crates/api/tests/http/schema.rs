//! The API's description, and whether an answer is as it says: the part of JSON Schema that the description uses.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../src/openapi.json")).expect("the description is JSON")
});

/// Keywords that say something of a value; another one in the description would be read over.
const KNOWN: [&str; 17] = [
    "$ref",
    "type",
    "enum",
    "const",
    "pattern",
    "minimum",
    "maximum",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "maxItems",
    "anyOf",
    "description",
    "default",
    "format",
    "title",
];

/// Panics where the value is not as the named schema says.
pub(crate) fn check(schema: &str, value: &Value) {
    let schema = &DESCRIPTION["components"]["schemas"][schema];
    assert!(schema.is_object(), "there is no such schema");
    assert_eq!(fits(schema, value, "answer"), Ok(()), "{value:#}");
}

/// Method and path of every operation, with something in the place of what varies.
pub(crate) fn paths() -> Vec<(String, String)> {
    let paths = DESCRIPTION["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, methods) in paths {
        let path =
            path.replace("{trace_id}", "0af7651916cd43dd8448eb211c80319c").replace("{path}", "index.js");
        all.extend(
            methods.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone())),
        );
    }
    all
}

fn fits(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    if let Some(keyword) = schema.keys().find(|keyword| !KNOWN.contains(&keyword.as_str())) {
        return Err(format!("{at}: this checker does not know `{keyword}`"));
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return fits(resolved(reference), value, at);
    }
    if let Some(types) = schema.get("type") {
        let is_one =
            types.as_array().map_or_else(|| is(types, value), |types| types.iter().any(|one| is(one, value)));
        if !is_one {
            return Err(format!("{at}: not {types}"));
        }
    }
    let one_of = |name: &str| schema.get(name).and_then(Value::as_array);
    if one_of("enum").is_some_and(|words| !words.contains(value)) {
        return Err(format!("{at}: {value} is none of the words"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{at}: {value} is not the one value"));
    }
    if let Some(schemas) = one_of("anyOf")
        && !schemas.iter().any(|schema| fits(schema, value, at).is_ok())
    {
        return Err(format!("{at}: fits none of them"));
    }
    match value {
        Value::String(text) => {
            let pattern = schema.get("pattern").and_then(Value::as_str);
            let fits = pattern.is_none_or(|pattern| Regex::new(pattern).expect("a pattern").is_match(text));
            if fits { Ok(()) } else { Err(format!("{at}: `{text}` does not match")) }
        }
        Value::Number(number) => {
            let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
            let number = number.as_f64().unwrap_or(f64::NAN);
            let fits = bound("minimum").is_none_or(|least| number >= least)
                && bound("maximum").is_none_or(|most| number <= most);
            if fits { Ok(()) } else { Err(format!("{at}: {number} is out of bounds")) }
        }
        Value::Array(items) => {
            let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
            if items.len() as u64 > most {
                return Err(format!("{at}: more than {most} items"));
            }
            let schema = schema.get("items").unwrap_or(&Value::Null);
            items
                .iter()
                .enumerate()
                .try_for_each(|(place, item)| fits(schema, item, &format!("{at}[{place}]")))
        }
        Value::Object(members) => {
            let required = one_of("required").into_iter().flatten().filter_map(Value::as_str);
            if let Some(missing) = required.into_iter().find(|name| !members.contains_key(*name)) {
                return Err(format!("{at}: `{missing}` is missing"));
            }
            let known = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties").unwrap_or(&Value::Null);
            members.iter().try_for_each(|(name, member)| {
                let at = format!("{at}.{name}");
                match known.and_then(|known| known.get(name)) {
                    Some(schema) => fits(schema, member, &at),
                    None if *others == Value::Bool(false) => Err(format!("{at}: is not described")),
                    None => fits(others, member, &at),
                }
            })
        }
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn resolved(reference: &str) -> &'static Value {
    let name = reference.strip_prefix("#/components/schemas/").expect("a reference to a schema");
    &DESCRIPTION["components"]["schemas"][name]
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

/// The checker finds what is wrong: without this it could wave everything through.
#[test]
fn a_wrong_answer_is_found() {
    let link = || {
        let golden: Value = serde_json::from_str(include_str!("../golden/trace.json")).expect("JSON");
        golden["links"][0].clone()
    };
    let schema = &DESCRIPTION["components"]["schemas"]["Link"];
    assert_eq!(fits(schema, &link(), "link"), Ok(()));
    for (name, wrong) in [
        ("confidence", serde_json::json!(1.5)),
        ("confidence", serde_json::json!("high")),
        ("rung", serde_json::json!("R99")),
        ("revision", serde_json::json!(1)),
        ("trace_id", serde_json::json!("ABC")),
        ("more", serde_json::json!(true)),
    ] {
        let mut value = link();
        value[name] = wrong;
        assert!(fits(schema, &value, "link").is_err(), "{name}");
    }
    let mut value = link();
    value.as_object_mut().expect("an object").remove("state");
    assert!(fits(schema, &value, "link").is_err());
}
