//! Words, values and marks, each with its column.

use super::Refusal;
use super::syntax::Op;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// Bytes, counted from 1.
    pub(super) column: usize,
    /// As it was written.
    pub(super) text: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    OpenBrace,
    CloseBrace,
    Open,
    Close,
    And,
    Or,
    Op(Op),
    /// A field or a word, without the quotes that parts of it may have stood in.
    Word(String),
    Text(String),
    Whole(i64),
    Number(f64),
    /// Nanoseconds.
    Duration(i64),
    /// A mark of the language that a condition has no use for.
    Mark,
    End,
}

/// Marks, each before those that begin it.
const MARKS: [(&str, Kind); 38] = [
    ("{", Kind::OpenBrace),
    ("}", Kind::CloseBrace),
    ("(", Kind::Open),
    (")", Kind::Close),
    ("&&", Kind::And),
    ("||", Kind::Or),
    ("&>>", Kind::Mark),
    ("&<<", Kind::Mark),
    ("&>", Kind::Mark),
    ("&<", Kind::Mark),
    ("&~", Kind::Mark),
    ("!>>", Kind::Mark),
    ("!<<", Kind::Mark),
    ("!>", Kind::Mark),
    ("!<", Kind::Mark),
    ("!=", Kind::Op(Op::NotEqual)),
    ("!~", Kind::Op(Op::MatchesNot)),
    ("=~", Kind::Op(Op::Matches)),
    (">>", Kind::Mark),
    ("<<", Kind::Mark),
    (">=", Kind::Op(Op::GreaterOrEqual)),
    ("<=", Kind::Op(Op::LessOrEqual)),
    ("=", Kind::Op(Op::Equal)),
    (">", Kind::Op(Op::Greater)),
    ("<", Kind::Op(Op::Less)),
    ("~", Kind::Mark),
    ("!", Kind::Mark),
    ("|", Kind::Mark),
    ("&", Kind::Mark),
    ("+", Kind::Mark),
    ("-", Kind::Mark),
    ("*", Kind::Mark),
    ("/", Kind::Mark),
    ("%", Kind::Mark),
    ("^", Kind::Mark),
    (",", Kind::Mark),
    ("[", Kind::Mark),
    ("]", Kind::Mark),
];

/// Units of a duration in nanoseconds, each before those that begin it.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const UNIT_EXPECTED: &str = "a number, or a duration with a unit: `ns`, `us`, `ms`, `s`, `m`, `h`";

pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the rest begins.
    at: usize,
    /// A minus behind an operator belongs to the number.
    is_after_op: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, is_after_op: false }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, Refusal> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let from = self.at;
        let is_after_op = std::mem::take(&mut self.is_after_op);
        let mut letters = self.rest().chars();
        let kind = match (letters.next(), letters.next()) {
            (None, _) => Kind::End,
            (Some('"'), _) => {
                self.at += 1;
                Kind::Text(self.quoted(from)?)
            }
            (Some('`'), _) => self.raw(from)?,
            (Some(letter), _) if letter.is_ascii_digit() => self.number(from)?,
            (Some('-'), Some(letter)) if is_after_op && letter.is_ascii_digit() => self.number(from)?,
            (Some(letter), _) if is_first_of_word(letter) => self.word(from)?,
            (Some(letter), _) => self.mark(from, letter)?,
        };
        self.is_after_op = matches!(kind, Kind::Op(_));
        Ok(Token { kind, column: from + 1, text: self.text.get(from..self.at).unwrap_or_default() })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn mark(&mut self, from: usize, letter: char) -> Result<Kind, Refusal> {
        let found = MARKS.iter().find(|(mark, _)| self.rest().starts_with(mark));
        let Some((mark, kind)) = found else {
            let expected = match letter {
                '\'' | '“' | '”' | '‘' | '’' => "a text in straight double quotes or back-ticks",
                _ => "a field, a value or an operator",
            };
            return Err(Refusal::invalid(from + 1, &letter.to_string(), expected));
        };
        self.at += mark.len();
        Ok(kind.clone())
    }

    /// Up to the closing quote; the opening one has been taken.
    fn quoted(&mut self, from: usize) -> Result<String, Refusal> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += place + 1;
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other)) => {
                        let expected = "`\\\"`, `\\\\`, `\\n`, `\\r` or `\\t`; between back-ticks a `\\` stands for itself";
                        let column = self.at + place + 1;
                        return Err(Refusal::invalid(column, &format!("\\{other}"), expected));
                    }
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(Refusal::invalid(from + 1, self.text.get(from..).unwrap_or_default(), "a closing `\"`"))
    }

    fn raw(&mut self, from: usize) -> Result<Kind, Refusal> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let Some(end) = inner.find('`') else {
            let rest = self.text.get(from..).unwrap_or_default();
            return Err(Refusal::invalid(from + 1, rest, "a closing back-tick"));
        };
        self.at += end + 2;
        Ok(Kind::Text(inner.get(..end).unwrap_or_default().to_owned()))
    }

    /// A field or a word; behind a dot a part of it may stand in quotes.
    fn word(&mut self, from: usize) -> Result<Kind, Refusal> {
        let mut word = String::new();
        while let Some(letter) = self.rest().chars().next() {
            if letter == '"' && word.ends_with('.') {
                let quote = self.at;
                self.at += 1;
                word.push_str(&self.quoted(quote)?);
            } else if is_of_word(letter) {
                word.push(letter);
                self.at += letter.len_utf8();
            } else {
                break;
            }
        }
        if word.ends_with(['.', ':']) && !self.since(from).ends_with('"') {
            let column = self.at + 1;
            let next = self.rest().chars().next().map(String::from).unwrap_or_default();
            return Err(Refusal::invalid(column, &next, "the name of an attribute"));
        }
        Ok(Kind::Word(word))
    }

    /// A whole number, a number, or durations in a row: `1h30m`.
    fn number(&mut self, from: usize) -> Result<Kind, Refusal> {
        let is_negative = self.rest().starts_with('-');
        self.at += usize::from(is_negative);
        let digits_from = self.at;
        let mut total: i128 = 0;
        let mut is_duration = false;
        loop {
            let whole = self.digits();
            let fraction = match self.rest().strip_prefix('.').and_then(|rest| rest.chars().next()) {
                Some(letter) if letter.is_ascii_digit() => {
                    self.at += 1;
                    self.digits()
                }
                _ => "",
            };
            let unit = UNITS.iter().find(|(unit, _)| self.is_unit(unit));
            let Some((unit, nanos)) = unit else {
                if is_duration {
                    return Err(self.bad_number(from));
                }
                break;
            };
            self.at += unit.len();
            is_duration = true;
            total = total.saturating_add(in_nanos(whole, fraction, *nanos));
            if !self.rest().starts_with(|letter: char| letter.is_ascii_digit()) {
                break;
            }
        }
        let kind = if is_duration {
            let nanos = if is_negative { -total } else { total };
            i64::try_from(nanos).ok().map(Kind::Duration)
        } else {
            self.exponent();
            let text = self.text.get(digits_from..self.at).unwrap_or_default();
            let sign = if is_negative { "-" } else { "" };
            plain(&format!("{sign}{text}"))
        };
        match kind.filter(|_| !self.rest().starts_with(is_of_word)) {
            Some(kind) => Ok(kind),
            None => Err(self.bad_number(from)),
        }
    }

    fn digits(&mut self) -> &'a str {
        let from = self.at;
        self.at += self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.since(from)
    }

    /// `m` begins `ms` as well as standing for minutes, and neither is followed by a letter.
    fn is_unit(&self, unit: &str) -> bool {
        self.rest().strip_prefix(unit).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    }

    fn exponent(&mut self) {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return };
        let signed = rest.strip_prefix(['+', '-']);
        let digits = signed.unwrap_or(rest).bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            self.at += 1 + usize::from(signed.is_some()) + digits;
        }
    }

    fn bad_number(&mut self, from: usize) -> Refusal {
        let more =
            self.rest().chars().take_while(|letter| is_of_word(*letter)).map(char::len_utf8).sum::<usize>();
        self.at += more;
        Refusal::invalid(from + 1, self.since(from), UNIT_EXPECTED)
    }
}

/// Digits of a fraction beyond the nanosecond are let go.
fn in_nanos(whole: &str, fraction: &str, nanos: i128) -> i128 {
    let whole: i128 = whole.parse().unwrap_or(i128::MAX);
    let fraction = fraction.get(..fraction.len().min(18)).unwrap_or_default();
    let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let part: i128 = fraction.parse().unwrap_or(0);
    whole.saturating_mul(nanos).saturating_add(part.saturating_mul(nanos) / scale)
}

fn plain(text: &str) -> Option<Kind> {
    if text.contains(['.', 'e', 'E']) {
        let number: f64 = text.parse().ok()?;
        number.is_finite().then_some(Kind::Number(number))
    } else {
        text.parse().ok().map(Kind::Whole)
    }
}

fn is_first_of_word(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '.'
}

/// What may stand in the name of an attribute without quotes.
pub(super) fn is_of_word(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control() && !"{}()[]=~!<>&|^,\"`".contains(letter)
}
