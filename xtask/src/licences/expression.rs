//! SPDX licence expressions: names, `WITH`, `AND`, `OR`, brackets, and the old `/` for `OR`.

/// True when we can keep to the expression with the allowed licences alone.
pub(crate) fn allows(expression: &str, allowed: &[&str]) -> Result<bool, String> {
    let words = words(expression);
    let mut reader = Reader { expression, words: words.iter(), allowed };
    let answer = reader.any_of()?;
    match reader.words.next() {
        None => Ok(answer),
        Some(word) => Err(format!("`{word}` in `{expression}` stands where nothing may follow")),
    }
}

struct Reader<'a> {
    expression: &'a str,
    words: std::slice::Iter<'a, String>,
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    /// `a OR b OR c`: one suffices.
    fn any_of(&mut self) -> Result<bool, String> {
        let mut answer = self.all_of()?;
        while self.take("OR") {
            answer |= self.all_of()?;
        }
        Ok(answer)
    }

    /// `a AND b AND c`: all are needed; binds tighter than `OR`.
    fn all_of(&mut self) -> Result<bool, String> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let answer = self.any_of()?;
            return if self.take(")") {
                Ok(answer)
            } else {
                Err(format!("`{}` lacks a bracket", self.expression))
            };
        }
        let name = self.name()?;
        let name = if self.take("WITH") { format!("{name} WITH {}", self.name()?) } else { name };
        Ok(self.allowed.contains(&name.as_str()))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.words.next() {
            None => Err(format!("`{}` ends too early", self.expression)),
            Some(word) if ["OR", "AND", "WITH", "(", ")"].contains(&word.as_str()) => {
                Err(format!("`{word}` in `{}` stands where a licence must", self.expression))
            }
            Some(word) => Ok(word.clone()),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.as_slice().first().is_some_and(|next| next == word);
        if found {
            self.words.next();
        }
        found
    }
}

fn words(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];

    fn check(expression: &str, expected: bool) {
        assert_eq!(allows(expression, ALLOWED), Ok(expected), "{expression}");
    }

    #[test]
    fn one_of_several_suffices_and_all_of_several_are_needed() {
        check("MIT", true);
        check("GPL-2.0", false);
        check("GPL-2.0 OR MIT", true);
        check("GPL-2.0/MIT", true);
        check("GPL-2.0 AND MIT", false);
        check("(MIT OR GPL-2.0) AND Unicode-3.0", true);
    }

    /// `AND` binds tighter: this is `MIT OR (GPL-2.0 AND ISC)`.
    #[test]
    fn and_binds_tighter_than_or() {
        check("MIT OR GPL-2.0 AND ISC", true);
        check("GPL-2.0 AND ISC OR GPL-3.0", false);
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH LLVM-exception", false);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in ["", "MIT OR", "OR MIT", "(MIT", "MIT Apache-2.0", "MIT)"] {
            assert!(allows(wrong, ALLOWED).is_err(), "{wrong}");
        }
    }
}
