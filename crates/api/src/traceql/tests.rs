use fanlight_store::{AccessField, Comparison, SpanField, SpanTest, Test};
use proptest::prelude::*;

use super::syntax::{Compare, Condition, Field, Intrinsic, Op, Query, Scope, Spot, Value};
use super::*;

fn one(text: &str) -> SpanTest {
    match filter(text) {
        Ok(SpanFilter::Test(test)) => test,
        other => panic!("{text}: {other:?}"),
    }
}

fn check(text: &str, field: SpanField, test: Test) {
    assert_eq!(one(text), SpanTest { field, test }, "{text}");
}

fn refused(text: &str, kind: RefusalKind, column: usize, token: &str, words: &str) {
    let refusal = filter(text).expect_err(text);
    assert_eq!(
        (refusal.kind, refusal.column, refusal.token.as_str()),
        (kind, column, token),
        "{text}: {refusal}"
    );
    assert!(refusal.words.contains(words), "{text}: {refusal}");
}

#[test]
fn every_spelling_of_a_field_is_understood() {
    use Comparison::{Equal, Greater};
    let text = |text: &str| Test::Text(Equal, text.to_owned());
    for name in ["name", "span:name"] {
        check(&format!("{{ {name} = \"GET /\" }}"), SpanField::Name, text("GET /"));
    }
    for name in ["status", "span:status"] {
        check(&format!("{{{name}=error}}"), SpanField::Status, text("error"));
    }
    for name in ["kind", "span:kind"] {
        check(&format!("{{ {name} = server }}"), SpanField::Kind, text("server"));
    }
    for name in ["statusMessage", "span:statusMessage"] {
        check(&format!("{{ {name} = `no` }}"), SpanField::StatusMessage, text("no"));
    }
    for name in ["duration", "span:duration"] {
        check(&format!("{{ {name} > 1.5s }}"), SpanField::Duration, Test::Whole(Greater, 1_500_000_000));
    }
    for name in ["traceDuration", "trace:duration"] {
        check(
            &format!("{{ {name} > 1h30m }}"),
            SpanField::TraceDuration,
            Test::Whole(Greater, 5_400_000_000_000),
        );
    }
    for name in ["rootName", "trace:rootName"] {
        check(&format!("{{ {name} = \"x\" }}"), SpanField::RootName, text("x"));
    }
    for name in ["rootServiceName", "trace:rootService"] {
        check(&format!("{{ {name} = \"x\" }}"), SpanField::RootService, text("x"));
    }
    check("{ resource.k8s.io/pod-name = \"p\" }", SpanField::Resource("k8s.io/pod-name".into()), text("p"));
    check("{ span.\"a b\".c = \"x\" }", SpanField::Attribute("a b.c".into()), text("x"));
    check("{ span.x.\"say \\\"hi\\\"\" = \"x\" }", SpanField::Attribute("x.say \"hi\"".into()), text("x"));
    check("{ .k = \"v\" }", SpanField::Either("k".into()), text("v"));
    check("{ access.app_segment = \"web\" }", SpanField::Access(AccessField::AppSegment), text("web"));
}

#[test]
fn every_kind_of_value_is_understood() {
    use Comparison::{Equal, GreaterOrEqual, LessOrEqual, NotEqual};
    let field = || SpanField::Attribute("k".into());
    check("{ span.k = -5 }", field(), Test::Whole(Equal, -5));
    check("{ span.k >= 1.5 }", field(), Test::Number(GreaterOrEqual, 1.5));
    check("{ span.k <= 2e3 }", field(), Test::Number(LessOrEqual, 2_000.0));
    check("{ span.k = true }", field(), Test::Text(Equal, "true".into()));
    check("{ span.k != nil }", field(), Test::Present);
    check("{ span.k = nil }", field(), Test::Absent);
    check("{ span.k = \"a\\\\b\\n\" }", field(), Test::Text(Equal, "a\\b\n".into()));
    check("{ duration != 10us }", SpanField::Duration, Test::Whole(NotEqual, 10_000));
    check("{ duration != 10µs }", SpanField::Duration, Test::Whole(NotEqual, 10_000));
    check(
        "{ access.disposition = blocked }",
        SpanField::Access(AccessField::Disposition),
        Test::Text(Equal, "blocked".into()),
    );
    check(
        "{ access.disposition = \"blocked\" }",
        SpanField::Access(AccessField::Disposition),
        Test::Text(Equal, "blocked".into()),
    );
    let Test::Matches(pattern) = one("{ name =~ `GET /orders/\\d+` }").test else { panic!("a pattern") };
    assert_eq!(pattern.as_str(), "GET /orders/\\d+");
    assert!(matches!(one("{ access.user !~ \"ana.*\" }").test, Test::MatchesNot(_)));
}

/// What enrichment writes on a span means the linked event, although the stored span may lack it.
#[test]
fn the_keys_of_enrichment_mean_the_linked_event() {
    use Comparison::{Equal, Greater};
    let text = |text: &str| Test::Text(Equal, text.to_owned());
    check(
        "{ span.fanlight.access.disposition = blocked }",
        SpanField::Access(AccessField::Disposition),
        text("blocked"),
    );
    check("{ .fanlight.access.app = \"shop\" }", SpanField::Access(AccessField::App), text("shop"));
    check(
        "{ span.fanlight.link.confidence > 0.9 }",
        SpanField::Access(AccessField::Confidence),
        Test::Number(Greater, 0.9),
    );
    check(
        "{ span.user.id = \"fl:a\" }",
        SpanField::Enriched("user.id".into(), AccessField::PrincipalId),
        text("fl:a"),
    );
    check(
        "{ span.security_rule.name = \"r\" }",
        SpanField::Enriched("security_rule.name".into(), AccessField::Rule),
        text("r"),
    );
    check(
        "{ span.fanlight.access.phase.setup.duration > 0.15 }",
        SpanField::Access(AccessField::PhaseSetup),
        Test::Number(Greater, 0.15),
    );
    check("{ access.effects = \"throttled\" }", SpanField::Access(AccessField::Effects), text("throttled"));
    check("{ resource.user.id = \"x\" }", SpanField::Resource("user.id".into()), text("x"));
}

#[test]
fn and_binds_closer_than_or_and_brackets_closer_than_both() {
    let shape = |text: &str| match filter(text).expect(text) {
        SpanFilter::Any(parts) => format!("any of {}", parts.len()),
        SpanFilter::All(parts) => format!("all of {}", parts.len()),
        other => format!("{other:?}"),
    };
    assert_eq!(shape("{ .a = 1 || .b = 2 && .c = 3 }"), "any of 2");
    assert_eq!(shape("{ (.a = 1 || .b = 2) && .c = 3 && .d = 4 }"), "all of 3");
    assert_eq!(shape("{ }"), "Always");
    assert_eq!(shape("  \n"), "Always");
}

#[test]
fn the_rest_of_the_language_is_refused_by_column() {
    let unsupported =
        |text, column, token, words| refused(text, RefusalKind::Unsupported, column, token, words);
    unsupported("{ .a = 1 } >> { .b = 2 }", 12, ">>", "searches by structure");
    unsupported("{ .a = 1 } && { .b = 2 }", 12, "&&", "one pair of braces");
    unsupported("{ .a = 1 } | count() > 2", 12, "|", "pipelines");
    unsupported("{ .a = 1 } with (most_recent=true)", 12, "with", "pipelines");
    unsupported("({ .a = 1 })", 1, "(", "searches by structure");
    unsupported("{ .a = .b }", 8, ".b", "two fields");
    unsupported("{ .a + 1 = 2 }", 6, "+", "computing with fields");
    unsupported("{ .a = 1 + 2 }", 10, "+", "computing with fields");
    unsupported("{ 200ms < duration }", 3, "200ms", "put the field first");
    unsupported("{ !(.a = 1) }", 3, "!", "opposite operator");
    unsupported("{ .a }", 6, "}", "without an operator");
    unsupported("{ true }", 3, "true", "without an operator");
    unsupported("{ event.name = \"x\" }", 3, "event.name", "span events");
    unsupported("{ event:name = \"x\" }", 3, "event:name", "span events");
    unsupported("{ parent.a = 1 }", 3, "parent.a", "parents");
    unsupported("{ trace:id = \"x\" }", 3, "trace:id", "fanlight trace ID");
    unsupported("{ nestedSetLeft > 1 }", 3, "nestedSetLeft", "structure");
}

#[test]
fn what_is_no_traceql_is_refused_by_column_with_what_was_expected() {
    let invalid = |text, column, token, words| refused(text, RefusalKind::Invalid, column, token, words);
    invalid("shop", 1, "shop", "`{`");
    invalid("{ name == \"x\" }", 9, "=", "one `=`");
    invalid("{ name = \"x\"", 13, "", "`}`");
    invalid("{ name = \"x }", 10, "\"x }", "closing");
    invalid("{ name = 'x' }", 10, "'", "straight double quotes");
    invalid("{ name = \"é\" & kind = server }", 15, "&", "`&&` means and");
    invalid("{ name = \"x\" and kind = server }", 14, "and", "`&&`");
    invalid("{ http.route = \"/\" }", 3, "http.route", "`span.http.route`");
    invalid("{ access.usr = \"x\" }", 3, "access.usr", "`user`");
    invalid("{ span:nam = \"x\" }", 3, "span:nam", "`span:name`");
    invalid("{ status = eror }", 12, "eror", "`error`");
    invalid("{ status > error }", 10, ">", "`=` or `!=`");
    invalid("{ duration > 200 }", 14, "200", "duration with its unit");
    invalid("{ duration > 200parsecs }", 14, "200parsecs", "unit");
    invalid("{ duration =~ \"x\" }", 12, "=~", "patterns are for texts");
    invalid("{ name =~ \"(\" }", 11, "\"(\"", "unclosed");
    invalid("{ span.a = shop }", 12, "shop", "text in quotes");
    invalid("{ span. = 1 }", 8, " ", "name of an attribute");
    invalid("{ name = \"\\q\" }", 11, "\\q", "back-ticks");
    invalid("{ .a = 1 } x", 12, "x", "nothing more");
    let long = format!("{{ name = \"{}\" }}", "x".repeat(MAX_BYTES));
    invalid(&long, MAX_BYTES + 1, "", "4096 bytes");
    let deep = format!("{{ {}.a = 1{} }}", "(".repeat(17), ")".repeat(17));
    invalid(&deep, 19, "(", "16 brackets");
    let many = format!("{{ {} }}", vec![".a = 1"; 65].join(" && "));
    invalid(&many, 3 + 64 * 10, ".a", "64 comparisons");
}

/// The page that tells people of the language shows queries that are understood.
#[test]
fn the_examples_of_the_page_are_understood() {
    let page = include_str!("../../../../docs/traceql.md");
    let examples: Vec<&str> = page.lines().filter(|line| line.starts_with('{')).collect();
    assert!(examples.len() >= 3, "{examples:?}");
    for example in examples {
        assert!(filter(example).is_ok(), "{example}");
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9_./:-]{0,12}[a-z]",
        "\\PC{1,8}",
        Just(String::new()),
        Just("a\"b\\c d".to_owned())
    ]
}

fn field() -> impl Strategy<Value = Field> {
    let intrinsic = proptest::sample::select(&super::keyword::INTRINSICS[..]);
    let access = proptest::sample::select(&super::keyword::ACCESS[..]);
    let scope = proptest::sample::select(&[Scope::Span, Scope::Resource, Scope::Either][..]);
    prop_oneof![
        intrinsic.prop_map(|(_, intrinsic): (&str, Intrinsic)| Field::Intrinsic(intrinsic)),
        access.prop_map(|(_, field)| Field::Access(field)),
        (scope, name()).prop_map(|(scope, key)| Field::Attribute(scope, key)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,20}".prop_map(Value::Text),
        any::<i64>().prop_map(Value::Whole),
        any::<f64>()
            .prop_filter("a query has no words for it", |number| number.is_finite())
            .prop_map(Value::Number),
        any::<i64>().prop_map(Value::Duration),
        any::<bool>().prop_map(Value::Flag),
        Just(Value::Nil),
        proptest::sample::select(&["error", "server", "blocked"][..])
            .prop_map(|word| Value::Word(word.to_owned())),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let ops = [
        Op::Equal,
        Op::NotEqual,
        Op::Greater,
        Op::GreaterOrEqual,
        Op::Less,
        Op::LessOrEqual,
        Op::Matches,
        Op::MatchesNot,
    ];
    let compare =
        (field(), proptest::sample::select(ops.to_vec()), value()).prop_map(|(field, op, value)| {
            Condition::Compare(Compare {
                field,
                op,
                value,
                op_at: Spot::default(),
                value_at: Spot::default(),
            })
        });
    compare.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Condition::All),
            proptest::collection::vec(inner, 2..4).prop_map(Condition::Any),
        ]
    })
}

/// Bits of queries in any order.
fn soup() -> impl Strategy<Value = String> {
    let bits = [
        "{",
        "}",
        "(",
        ")",
        "&&",
        "||",
        "=",
        "!=",
        "=~",
        "!~",
        ">",
        ">=",
        "<",
        "|",
        ">>",
        "!",
        "-",
        "+",
        "\"",
        "`",
        "name",
        "status",
        "span.",
        "resource.a",
        ".b",
        "access.user",
        "event.x",
        "\"x\"",
        "`y`",
        "5",
        "1.5s",
        "200",
        "ms",
        "nil",
        "true",
        "error",
        " ",
        "\\",
        "é",
        "\u{202e}",
        "1e",
        "9999999999999999999",
        ":",
        "span:name",
    ];
    proptest::collection::vec(proptest::sample::select(bits.to_vec()), 0..24).prop_map(|bits| bits.concat())
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in prop_oneof![any::<String>(), soup()]) {
        if let Err(refusal) = filter(&text) {
            prop_assert!(refusal.column >= 1 && refusal.column <= text.len() + 1);
            prop_assert!(!refusal.words.is_empty());
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(condition in proptest::option::of(condition())) {
        let query = Query { condition };
        let printed = query.to_string();
        prop_assert_eq!(parser::parse(&printed), Ok(query), "{}", printed);
    }

    #[test]
    fn what_is_read_is_printed_as_the_same(text in soup()) {
        if let Ok(query) = parser::parse(&text) {
            prop_assert_eq!(parser::parse(&query.to_string()), Ok(query));
        }
    }
}
