//! Just enough of Rust's grammar to tell code from comments and strings, and to find where a block ends.

use std::ops::Range;

/// The text with comments, strings and characters replaced by blanks. Lines and byte offsets stay as they are.
pub(crate) fn blank(text: &str) -> String {
    let mut blanker = Blanker { rest: text.as_bytes(), previous: b' ', out: Vec::with_capacity(text.len()) };
    while !blanker.rest.is_empty() {
        blanker.step();
    }
    String::from_utf8_lossy(&blanker.out).into_owned()
}

struct Blanker<'a> {
    rest: &'a [u8],
    previous: u8,
    out: Vec<u8>,
}

impl Blanker<'_> {
    fn step(&mut self) {
        if let Some(hashes) = self.raw_string() {
            return self.hide_raw_string(hashes);
        }
        match self.rest {
            [b'/', b'/', ..] => {
                let length = self.rest.iter().take_while(|byte| **byte != b'\n').count();
                self.hide(length);
            }
            [b'/', b'*', ..] => self.hide_block_comment(),
            [b'"', ..] => self.hide_quoted(b'"'),
            [b'\'', b'\\', ..] => self.hide_quoted(b'\''),
            [b'\'', first, ..] if self.rest.get(1 + utf8_length(*first)) == Some(&b'\'') => {
                self.hide(2 + utf8_length(*first));
            }
            [byte, rest @ ..] => {
                self.out.push(*byte);
                self.previous = *byte;
                self.rest = rest;
            }
            [] => {}
        }
    }

    fn hide(&mut self, length: usize) {
        let (hidden, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.out.extend(hidden.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        self.previous = b' ';
        self.rest = rest;
    }

    /// How many `#` a raw string that begins here has.
    fn raw_string(&self) -> Option<usize> {
        if is_word(self.previous) {
            return None;
        }
        let after = match self.rest {
            [b'b' | b'c', b'r', after @ ..] | [b'r', after @ ..] => after,
            _ => return None,
        };
        let hashes = after.iter().take_while(|byte| **byte == b'#').count();
        (after.get(hashes) == Some(&b'"')).then_some(hashes)
    }

    fn hide_raw_string(&mut self, hashes: usize) {
        let opening = self.rest.iter().take_while(|byte| **byte != b'"').count() + 1;
        let body = self.rest.get(opening..).unwrap_or_default();
        let closes = |window: &[u8]| {
            window
                .split_first()
                .is_some_and(|(quote, tail)| *quote == b'"' && tail.iter().all(|byte| *byte == b'#'))
        };
        let length = body.windows(hashes + 1).position(closes).unwrap_or(body.len());
        self.hide(opening + length + hashes + 1);
    }

    fn hide_block_comment(&mut self) {
        let (mut depth, mut length) = (0_u32, 0);
        loop {
            match self.rest.get(length..).unwrap_or_default() {
                [b'/', b'*', ..] => (depth, length) = (depth + 1, length + 2),
                [b'*', b'/', ..] => (depth, length) = (depth - 1, length + 2),
                [_, ..] => length += 1,
                [] => break,
            }
            if depth == 0 {
                break;
            }
        }
        self.hide(length);
    }

    fn hide_quoted(&mut self, quote: u8) {
        let mut length = 1;
        loop {
            match self.rest.get(length..).unwrap_or_default() {
                [b'\\', ..] => length += 2,
                [byte, ..] if *byte == quote => break,
                [_, ..] => length += 1,
                [] => break,
            }
        }
        self.hide(length + 1);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn utf8_length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// Where `word` stands as a whole word.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    let free = move |at: Option<usize>| !at.and_then(|at| bytes.get(at)).is_some_and(|byte| is_word(*byte));
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| free(at.checked_sub(1)) && free(Some(at + word.len())))
}

/// The word that begins at or after this byte.
pub(crate) fn word_after(code: &str, offset: usize) -> &str {
    let rest = code.get(offset..).unwrap_or_default().trim_start();
    let length = rest.bytes().take_while(|byte| is_word(*byte)).count();
    rest.get(..length).unwrap_or_default()
}

/// From the first of `{` and `;` at or after this byte to the end of the block, or of the statement, that it opens.
/// Brackets of the other kinds are skipped whole, so that `[u8; 4]` in a signature ends nothing.
pub(crate) fn block_from(code: &str, offset: usize) -> Option<Range<usize>> {
    let (mut inner, mut depth, mut start) = (0_i32, 0_i32, None);
    for (at, byte) in code.bytes().enumerate().skip(offset) {
        match byte {
            b'(' | b'[' => inner += 1,
            b')' | b']' => inner -= 1,
            b';' if inner == 0 && depth == 0 => return Some(at..at + 1),
            b'{' if inner == 0 || depth > 0 => {
                start = start.or(Some(at));
                depth += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return start.map(|start| start..at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The bodies of `#[cfg(test)] mod name { … }`.
pub(crate) fn test_modules(code: &str) -> Vec<Range<usize>> {
    code.match_indices("#[cfg(test)]")
        .filter_map(|(at, mark)| {
            let after = at + mark.len();
            let block = block_from(code, after)?;
            let between = code.get(after..block.start)?;
            (block.len() > 1 && words(between, "mod").next().is_some()).then_some(block)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let code = blank(text);
        assert_eq!(code.len(), text.len(), "offsets stay");
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn comments_strings_and_characters_are_blanked() {
        check("a // b\nc /* d /* e */ f */ g", "a c g");
        check(r#"let a = "b \" c"; d"#, "let a = ; d");
        check(r##"let a = r#"b " c"#; d"##, "let a = ; d");
        check("let a = br\"b\\\"; d", "let a = ; d");
        check("let a = 'b'; let c = '\\''; let d = 'é'; e", "let a = ; let c = ; let d = ; e");
        check("fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}");
        check("let r#type = barr\"x\";", "let r#type = barr ;");
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("unfn fn fn_ fn(", "fn").collect::<Vec<_>>(), [5, 12]);
        assert_eq!(word_after("fn  name(", 2), "name");
    }

    #[test]
    fn a_block_ends_where_its_brace_does() {
        let code = "fn a(b: [u8; 4]) -> c { { } } fn d();";
        assert_eq!(block_from(code, 0).and_then(|range| code.get(range)), Some("{ { } }"));
        assert_eq!(block_from(code, 30).and_then(|range| code.get(range)), Some(";"));
    }

    #[test]
    fn test_modules_are_found_and_test_functions_are_not_taken_for_them() {
        let code = "#[cfg(test)]\nmod tests { fn a() {} }\n#[cfg(test)]\nfn b() {}\n#[cfg(test)]\nmod far;";
        let found: Vec<_> = test_modules(code).into_iter().filter_map(|range| code.get(range)).collect();
        assert_eq!(found, ["{ fn a() {} }"]);
    }
}
