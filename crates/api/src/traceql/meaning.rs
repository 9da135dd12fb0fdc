//! From [`Query`] to the store's typed filter: which value fits which field.

use fanlight_store::{AccessField, Comparison, Pattern, SpanField, SpanFilter, SpanTest, Test};

use super::Refusal;
use super::keyword::{DISPOSITIONS, ENRICHED, JOINED, KINDS, STATUSES};
use super::syntax::{Compare, Condition, Field, Intrinsic, Op, Query, Scope, Spot, Value};

pub(super) fn filter(query: &Query) -> Result<SpanFilter, Refusal> {
    query.condition.as_ref().map_or(Ok(SpanFilter::Always), condition)
}

fn condition(read: &Condition) -> Result<SpanFilter, Refusal> {
    Ok(match read {
        Condition::All(parts) => SpanFilter::All(parts.iter().map(condition).collect::<Result<_, _>>()?),
        Condition::Any(parts) => SpanFilter::Any(parts.iter().map(condition).collect::<Result<_, _>>()?),
        Condition::Compare(compare) => SpanFilter::Test(test(compare)?),
    })
}

/// What a field can be compared with.
enum Fits {
    Text,
    /// One of these words, as they are or in quotes.
    Words(&'static [&'static str]),
    /// One of these words without quotes.
    Enumeration(&'static [&'static str]),
    Duration,
    Number,
    /// An attribute: its type is its sender's.
    Anything,
}

fn test(compare: &Compare) -> Result<SpanTest, Refusal> {
    let (field, fits) = meant(&compare.field);
    let Compare { op, value, value_at, op_at, .. } = compare;
    let wrong = |expected: String| Err(Refusal::invalid(value_at.column, &value_at.token, expected));
    if *value == Value::Nil {
        return nil(field, *op, op_at);
    }
    if matches!(op, Op::Matches | Op::MatchesNot) {
        return pattern(field, &fits, compare);
    }
    let comparison = comparison(*op);
    let test = match (fits, value) {
        (Fits::Text | Fits::Anything, Value::Text(text)) => Test::Text(comparison, text.clone()),
        (Fits::Anything, Value::Whole(number)) => Test::Whole(comparison, *number),
        (Fits::Anything, Value::Number(number)) => Test::Number(comparison, *number),
        (Fits::Anything, Value::Flag(flag)) => Test::Text(comparison, flag.to_string()),
        (Fits::Number, Value::Whole(number)) => Test::Whole(comparison, *number),
        (Fits::Number, Value::Number(number)) => Test::Number(comparison, *number),
        (Fits::Duration, Value::Duration(nanos)) => Test::Whole(comparison, *nanos),
        (Fits::Enumeration(words), Value::Word(word)) if words.contains(&word.as_str()) => {
            Test::Text(only_equal(*op, op_at)?, word.clone())
        }
        (Fits::Words(words), Value::Word(word) | Value::Text(word)) if words.contains(&word.as_str()) => {
            Test::Text(only_equal(*op, op_at)?, word.clone())
        }
        (Fits::Enumeration(words) | Fits::Words(words), _) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            return wrong(format!("one of {}", words.join(", ")));
        }
        (Fits::Duration, _) => return wrong("a duration with its unit, as in `200ms` or `1.5s`".to_owned()),
        (Fits::Number, _) => return wrong("a number".to_owned()),
        (Fits::Text, _) => return wrong("a text in quotes".to_owned()),
        (Fits::Anything, Value::Duration(_)) => {
            return wrong("a text in quotes, a number, `true`, `false` or `nil`; durations go with `duration` and `traceDuration`".to_owned());
        }
        (Fits::Anything, _) => {
            return wrong("a text in quotes, a number, `true`, `false` or `nil`".to_owned());
        }
    };
    Ok(SpanTest { field, test })
}

fn nil(field: SpanField, op: Op, op_at: &Spot) -> Result<SpanTest, Refusal> {
    let test = match only_equal(op, op_at)? {
        Comparison::NotEqual => Test::Present,
        _ => Test::Absent,
    };
    Ok(SpanTest { field, test })
}

fn pattern(field: SpanField, fits: &Fits, compare: &Compare) -> Result<SpanTest, Refusal> {
    let Compare { op, value, value_at, op_at, .. } = compare;
    if matches!(fits, Fits::Duration | Fits::Number) {
        let expected = "`=`, `!=`, `>`, `>=`, `<` or `<=`; patterns are for texts";
        return Err(Refusal::invalid(op_at.column, &op_at.token, expected));
    }
    let Value::Text(text) = value else {
        return Err(Refusal::invalid(value_at.column, &value_at.token, "a regular expression in quotes"));
    };
    let compiled = Pattern::new(text).map_err(|error| {
        Refusal::invalid(value_at.column, &value_at.token, format!("a regular expression, but it is {error}"))
    })?;
    let test = if *op == Op::Matches { Test::Matches(compiled) } else { Test::MatchesNot(compiled) };
    Ok(SpanTest { field, test })
}

fn only_equal(op: Op, at: &Spot) -> Result<Comparison, Refusal> {
    match op {
        Op::Equal => Ok(Comparison::Equal),
        Op::NotEqual => Ok(Comparison::NotEqual),
        _ => Err(Refusal::invalid(at.column, &at.token, "`=` or `!=`")),
    }
}

fn comparison(op: Op) -> Comparison {
    match op {
        Op::Equal | Op::Matches => Comparison::Equal,
        Op::NotEqual | Op::MatchesNot => Comparison::NotEqual,
        Op::Greater => Comparison::Greater,
        Op::GreaterOrEqual => Comparison::GreaterOrEqual,
        Op::Less => Comparison::Less,
        Op::LessOrEqual => Comparison::LessOrEqual,
    }
}

fn meant(field: &Field) -> (SpanField, Fits) {
    match field {
        Field::Intrinsic(Intrinsic::Name) => (SpanField::Name, Fits::Text),
        Field::Intrinsic(Intrinsic::Status) => (SpanField::Status, Fits::Enumeration(&STATUSES)),
        Field::Intrinsic(Intrinsic::StatusMessage) => (SpanField::StatusMessage, Fits::Text),
        Field::Intrinsic(Intrinsic::Kind) => (SpanField::Kind, Fits::Enumeration(&KINDS)),
        Field::Intrinsic(Intrinsic::Duration) => (SpanField::Duration, Fits::Duration),
        Field::Intrinsic(Intrinsic::TraceDuration) => (SpanField::TraceDuration, Fits::Duration),
        Field::Intrinsic(Intrinsic::RootName) => (SpanField::RootName, Fits::Text),
        Field::Intrinsic(Intrinsic::RootServiceName) => (SpanField::RootService, Fits::Text),
        Field::Access(field) => access(*field),
        Field::Attribute(Scope::Resource, key) => (SpanField::Resource(key.clone()), Fits::Anything),
        Field::Attribute(scope, key) => {
            let of = |table: &[(&str, AccessField)]| {
                table.iter().find(|(name, _)| name == key).map(|(_, field)| *field)
            };
            match (of(&JOINED), of(&ENRICHED), scope) {
                (Some(joined), ..) => access(joined),
                (None, Some(enriched), _) => (SpanField::Enriched(key.clone(), enriched), Fits::Anything),
                (None, None, Scope::Either) => (SpanField::Either(key.clone()), Fits::Anything),
                (None, None, _) => (SpanField::Attribute(key.clone()), Fits::Anything),
            }
        }
    }
}

fn access(field: AccessField) -> (SpanField, Fits) {
    let fits = match field {
        AccessField::Disposition => Fits::Words(&DISPOSITIONS),
        number if number.is_number() => Fits::Number,
        _ => Fits::Text,
    };
    (SpanField::Access(field), fits)
}
