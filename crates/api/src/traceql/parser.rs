//! From text to [`Query`], by recursion that is bounded.

use fanlight_store::AccessField;

use super::keyword::{
    ACCESS, ALONE, ARITHMETIC, FIELD, INTRINSICS, LATER_FIELDS, LATER_SCOPES, NEGATION, PIPELINE, SCOPE,
    STRUCTURE, TWO_FIELDS, VALUE_FIRST,
};
use super::lexer::{Kind, Lexer, Token};
use super::syntax::{Compare, Condition, Field, Query, Scope, Spot, Value};
use super::{MAX_BYTES, MAX_COMPARISONS, MAX_DEPTH, Refusal};

const OPERATOR_EXPECTED: &str = "an operator: `=`, `!=`, `>`, `>=`, `<`, `<=`, `=~` or `!~`";
const VALUE_EXPECTED: &str = "a value: a text in quotes, a number, a duration as in `200ms`, `true`, `false`, `nil`, or a word as in `error`";
const FIELD_EXPECTED: &str = "a field: `name`, `status`, `kind`, `duration`, `resource.…`, `span.…`, `access.…`, or `.…` for either attribute";

pub(super) fn parse(text: &str) -> Result<Query, Refusal> {
    if text.len() > MAX_BYTES {
        let expected = format!("a query of at most {MAX_BYTES} bytes");
        return Err(Refusal::invalid(MAX_BYTES + 1, "", expected));
    }
    let mut lexer = Lexer::new(text);
    let next = lexer.next()?;
    let mut parser = Parser { lexer, next, depth: 0, comparisons: 0 };
    parser.query()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: Token<'a>,
    depth: usize,
    comparisons: usize,
}

impl<'a> Parser<'a> {
    fn query(&mut self) -> Result<Query, Refusal> {
        if self.next.kind == Kind::End {
            return Ok(Query { condition: None });
        }
        if self.next.kind != Kind::OpenBrace {
            return Err(self.before_braces());
        }
        self.step()?;
        let condition = match self.next.kind {
            Kind::CloseBrace => None,
            _ => Some(self.any()?),
        };
        if self.next.kind != Kind::CloseBrace {
            return Err(self.after_comparison("`&&`, `||` or `}`"));
        }
        self.step()?;
        match self.next.kind {
            Kind::End => Ok(Query { condition }),
            _ => Err(self.after_braces()),
        }
    }

    fn step(&mut self) -> Result<Token<'a>, Refusal> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn any(&mut self) -> Result<Condition, Refusal> {
        let mut parts = vec![self.all()?];
        while self.next.kind == Kind::Or {
            self.step()?;
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, Refusal> {
        let mut parts = vec![self.single()?];
        while self.next.kind == Kind::And {
            self.step()?;
            parts.push(self.single()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn single(&mut self) -> Result<Condition, Refusal> {
        if self.next.kind != Kind::Open {
            return self.comparison().map(Condition::Compare);
        }
        if self.depth >= MAX_DEPTH {
            return Err(self.invalid(format!("at most {MAX_DEPTH} brackets within each other")));
        }
        self.depth += 1;
        self.step()?;
        let condition = self.any()?;
        if self.next.kind != Kind::Close {
            return Err(self.after_comparison("`&&`, `||` or `)`"));
        }
        self.step()?;
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Compare, Refusal> {
        if self.comparisons >= MAX_COMPARISONS {
            return Err(self.invalid(format!("at most {MAX_COMPARISONS} comparisons")));
        }
        self.comparisons += 1;
        let field = self.field()?;
        let op = match &self.next.kind {
            Kind::Op(op) => *op,
            Kind::And | Kind::Or | Kind::Close | Kind::CloseBrace => return Err(self.unsupported(ALONE)),
            Kind::Mark => return Err(self.after_comparison(OPERATOR_EXPECTED)),
            _ => return Err(self.invalid(OPERATOR_EXPECTED)),
        };
        let op_at = spot(&self.step()?);
        let value = self.value()?;
        let value_at = spot(&self.step()?);
        Ok(Compare { field, op, value, op_at, value_at })
    }

    fn field(&mut self) -> Result<Field, Refusal> {
        let field = match &self.next.kind {
            Kind::Word(word) => field_named(word, &self.next)?,
            Kind::Text(_) | Kind::Whole(_) | Kind::Number(_) | Kind::Duration(_) => {
                return Err(self.unsupported(VALUE_FIRST));
            }
            Kind::Mark if self.next.text == "!" => return Err(self.unsupported(NEGATION)),
            Kind::Mark if self.next.text == "-" => return Err(self.unsupported(ARITHMETIC)),
            _ => return Err(self.invalid(FIELD_EXPECTED)),
        };
        self.step()?;
        Ok(field)
    }

    fn value(&self) -> Result<Value, Refusal> {
        Ok(match &self.next.kind {
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Whole(number) => Value::Whole(*number),
            Kind::Number(number) => Value::Number(*number),
            Kind::Duration(nanos) => Value::Duration(*nanos),
            Kind::Word(word) => match word.as_str() {
                "true" => Value::Flag(true),
                "false" => Value::Flag(false),
                "nil" => Value::Nil,
                word if word.contains(['.', ':']) || is_intrinsic(word) => {
                    return Err(self.unsupported(TWO_FIELDS));
                }
                word => Value::Word(word.to_owned()),
            },
            Kind::Op(_) if self.next.text == "=" => {
                return Err(self.invalid("a value; equality is written with one `=`"));
            }
            Kind::Open | Kind::Mark if matches!(self.next.text, "(" | "-" | "+") => {
                return Err(self.unsupported(ARITHMETIC));
            }
            _ => return Err(self.invalid(VALUE_EXPECTED)),
        })
    }

    fn before_braces(&self) -> Refusal {
        match &self.next.kind {
            Kind::Open => self.unsupported(STRUCTURE),
            _ => self.invalid("`{`, as in `{ resource.service.name = \"shop\" }`"),
        }
    }

    fn after_braces(&self) -> Refusal {
        match (&self.next.kind, self.next.text) {
            (Kind::Mark, "|") => self.unsupported(PIPELINE),
            (Kind::Mark | Kind::And | Kind::Or | Kind::Op(_), _) => self.unsupported(STRUCTURE),
            (Kind::Word(_), "with") => self.unsupported(PIPELINE),
            _ => self.invalid("nothing more behind `}`"),
        }
    }

    fn after_comparison(&self, expected: &str) -> Refusal {
        match (&self.next.kind, self.next.text) {
            (Kind::Mark, "+" | "-" | "*" | "/" | "%" | "^") => self.unsupported(ARITHMETIC),
            (Kind::Mark, "|") => {
                self.invalid(format!("{expected} (`||` means or; a pipeline stands behind `}}`)"))
            }
            (Kind::Mark, "&") => self.invalid(format!("{expected} (`&&` means and)")),
            (Kind::Word(word), _) if matches!(word.to_ascii_lowercase().as_str(), "and" | "or") => {
                self.invalid(format!("{expected} (and is written `&&`, or is written `||`)"))
            }
            _ => self.invalid(expected),
        }
    }

    fn invalid(&self, expected: impl Into<String>) -> Refusal {
        Refusal::invalid(self.next.column, self.next.text, expected)
    }

    fn unsupported(&self, words: &str) -> Refusal {
        Refusal::unsupported(self.next.column, self.next.text, words)
    }
}

fn one_or(mut parts: Vec<Condition>, several: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

fn spot(token: &Token<'_>) -> Spot {
    Spot { column: token.column, token: token.text.to_owned() }
}

fn is_intrinsic(word: &str) -> bool {
    INTRINSICS.iter().any(|(name, _)| *name == word)
}

fn field_named(word: &str, token: &Token<'_>) -> Result<Field, Refusal> {
    let unsupported = |words| Err(Refusal::unsupported(token.column, token.text, words));
    let invalid = |expected: String| Err(Refusal::invalid(token.column, token.text, expected));
    if let Some((_, intrinsic)) = INTRINSICS.iter().find(|(name, _)| *name == word) {
        return Ok(Field::Intrinsic(*intrinsic));
    }
    if LATER_FIELDS.contains(&word) {
        return unsupported(FIELD);
    }
    let Some(dot) = word.find(['.', ':']) else {
        return match word {
            "true" | "false" | "nil" => unsupported(ALONE),
            _ => invalid(FIELD_EXPECTED.to_owned()),
        };
    };
    let (scope, key) = (word.get(..dot).unwrap_or_default(), word.get(dot + 1..).unwrap_or_default());
    if LATER_SCOPES.contains(&scope) {
        return unsupported(SCOPE);
    }
    if word.get(dot..=dot) == Some(":") {
        return invalid(format!("a field: {}", listed(INTRINSICS.iter().map(|(name, _)| *name))));
    }
    match scope {
        "" => Ok(Field::Attribute(Scope::Either, key.to_owned())),
        "span" => Ok(Field::Attribute(Scope::Span, key.to_owned())),
        "resource" => Ok(Field::Attribute(Scope::Resource, key.to_owned())),
        "access" => match access_field(key) {
            Some(field) => Ok(Field::Access(field)),
            None => {
                invalid(format!("a field of `access.`: {}", listed(ACCESS.iter().map(|(name, _)| *name))))
            }
        },
        _ => invalid(format!("`span.{word}`, `resource.{word}`, or `.{word}` for either")),
    }
}

fn access_field(key: &str) -> Option<AccessField> {
    ACCESS.iter().find(|(name, _)| *name == key).map(|(_, field)| *field)
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
