use super::*;
use crate::decode::note::{Note, Notes};

fn shown(object: &Object<'_>) -> String {
    let mut text = String::new();
    for (key, value) in &object.fields {
        text.push_str(&match value {
            Value::Text(value) => format!("{key}={value:?} "),
            Value::Bare(value) | Value::Nested(value) => format!("{key}={value} "),
            Value::Nothing => format!("{key}=nothing "),
            Value::Token => format!("{key}=token "),
        });
    }
    text.push_str(object.rest);
    text.trim_end().to_owned()
}

/// Whatever is read strictly is read leniently to the same fields and without a note.
fn check(text: &str, expected: &str) {
    assert_eq!(strict(text).map(|object| shown(&object)), Ok(expected.to_owned()), "{text}");
    let mut notes = Notes::default();
    assert_eq!(lenient(text, &mut notes).map(|object| shown(&object)), Ok(expected.to_owned()), "{text}");
    assert_eq!(notes, Notes::default(), "{text}");
}

fn check_mended(text: &str, expected: &str, words: &[&str]) {
    assert!(strict(text).is_err(), "{text}");
    let mut notes = Notes::default();
    assert_eq!(lenient(text, &mut notes).map(|object| shown(&object)), Ok(expected.to_owned()), "{text}");
    assert_eq!(notes.iter().map(Note::word).collect::<Vec<_>>(), words, "{text}");
}

fn check_refused(text: &str, why: NoObject) {
    assert!(strict(text).is_err(), "{text}");
    assert_eq!(lenient(text, &mut Notes::default()), Err(why), "{text}");
}

#[test]
fn an_object_of_scalars_is_read() {
    check(r#"{}"#, "");
    check(
        r#"{"A": "x","B": 288263680401868418,"C": -1.5e3 , "D":null,"E":true}"#,
        r#"A="x" B=288263680401868418 C=-1.5e3 D=nothing E=true"#,
    );
    check(r#"{"A":"a\"b\\c\/\n\u00e9\ud83d\ude00\ud83d"}"#, r#"A="a\"b\\c/\né😀�""#);
    check(r#"{"A": ["x","]"], "B": {"C": "}"}} rest"#, r#"A=["x","]"] B={"C": "}"}  rest"#);
}

#[test]
fn a_document_inside_a_string_is_left_whole() {
    check(
        r#"{"L": "{\"users\":[{\"name\":\"ana@example.com\",\"event\":\"join\"}]}","M": ""}"#,
        r#"L="{\"users\":[{\"name\":\"ana@example.com\",\"event\":\"join\"}]}" M="""#,
    );
}

#[test]
fn what_senders_get_wrong_is_mended() {
    check_mended(r#"{"A": "say "hi", she said","B": 1}"#, r#"A="say \"hi\", she said" B=1"#, &["raw_quote"]);
    check_mended(
        r#"{"A": "C:\Program","B": "D:\dir\","C": 1}"#,
        r#"A="C:\\Program" B="D:\\dir\\" C=1"#,
        &["bad_escape"],
    );
    check_mended(r#"{"A": 1,}"#, "A=1", &["extra_comma"]);
    check_mended(r#"{"A": 1,,"B": 2}"#, "A=1 B=2", &["extra_comma"]);
    check_mended(r#"{"A": ,"B": }"#, "A=nothing B=nothing", &["missing_value"]);
    check_mended(r#"{"A": 00.000000,"B": +5}"#, "A=00.000000 B=+5", &["illegal_number"]);
    check_mended(r#"{"A": None,"B": 1}"#, r#"A="None" B=1"#, &["bare_word"]);
    check_mended(r#"{"A": %j{X},"B": [1],"C": %j(,){Y},"D": 1}"#, "A=token B=[1] C=token D=1", &[]);
    check_mended(r#"{"A": "x" "B": 1}"#, r#"A="x" B=1"#, &["missing_comma"]);
    check_mended("{\"A\": \"x\ty\"}", r#"A="x\ty""#, &["control_character"]);
}

#[test]
fn a_token_in_quotes_is_a_token() {
    check(r#"{"A": "%j{X}","B": "100%"}"#, r#"A=token B="100%""#);
}

#[test]
fn what_is_no_object_is_refused_with_the_reason() {
    check_refused("", NoObject::CutOff);
    check_refused(r#"{"A": "x"#, NoObject::CutOff);
    check_refused(r#"{"A": "x""#, NoObject::CutOff);
    check_refused(r#"{"A": 1"#, NoObject::CutOff);
    check_refused(r#"{"A"#, NoObject::CutOff);
    check_refused("{A: 1}", NoObject::Malformed);
    check_refused("[1]", NoObject::Malformed);
    check_refused(&format!("{{\"A\": {}", "[".repeat(100)), NoObject::Malformed);
    let many: Vec<String> = (0..600).map(|at| format!("\"k{at}\":1")).collect();
    check_refused(&format!("{{{}}}", many.join(",")), NoObject::TooManyFields);
}

/// What looks like the beginning of a document is searched for its end, all of a record's together only so far: then each is text.
#[test]
fn beginnings_of_documents_are_searched_for_once_and_not_for_each() {
    let document = r#""document":"{"a":"b","c":1}""#;
    fn value(text: &str) -> Option<Value<'_>> {
        let object = lenient(text, &mut Notes::default()).unwrap();
        let found = object.fields.into_iter().find(|(key, _)| key == "document");
        found.map(|(_, value)| value)
    }
    let few = format!("{{\"x\":\"[y\",{document}}}");
    assert_eq!(value(&few), Some(Value::Text(r#"{"a":"b","c":1}"#.into())));
    let many = format!(
        "{{{},\"pad\":\"{}\",{document}}}",
        "\"x\":\"[y\",".repeat(20) + "\"z\":1",
        "p".repeat(100_000)
    );
    assert_eq!(value(&many), Some(Value::Text(r#"{"a":"b"#.into())));
}
