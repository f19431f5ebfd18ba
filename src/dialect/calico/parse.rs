//! Parses the selector language, as Calico's tokenizer and parser do.

use super::selector::Expression;

/// The most characters of a selector in a policy.
pub const LONGEST: usize = 1024;
/// The most characters of a label key.
const LONGEST_KEY: usize = 512;

/// Parses a selector; a blank one is `all()`. An error has the position, in characters from 1, and what is
/// expected there.
pub fn parse(text: &str) -> Result<Expression, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("it has more than {LONGEST} characters"));
    }
    let mut cursor = Cursor { text, at: 0 };
    if cursor.at_end() {
        return Ok(Expression::All);
    }
    // Parentheses are a stack, not a recursion: a long selector may nest deep.
    let mut open = vec![Group::default()];
    loop {
        let negated = cursor.negated();
        if cursor.eats("(") {
            open.push(Group::new(negated));
            continue;
        }
        let mut operand = negate(cursor.operation()?, negated);
        loop {
            let Some(group) = open.last_mut() else {
                return Ok(operand);
            };
            group.all.push(operand);
            if cursor.eats("&&") {
                break;
            }
            if cursor.eats("||") {
                group.close_all();
                break;
            }
            let nested = open.len() > 1;
            if nested && !cursor.eats(")") {
                return Err(cursor.expected("`&&`, `||` or `)`"));
            }
            if !nested && !cursor.at_end() {
                return Err(cursor.expected("`&&`, `||` or the end"));
            }
            operand = open.pop().unwrap_or_default().close();
        }
    }
}

/// The operations between two parentheses, so far.
#[derive(Default)]
struct Group {
    negated: bool,
    /// Complete alternatives.
    any: Vec<Expression>,
    /// Operations of the alternative that is being parsed.
    all: Vec<Expression>,
}

impl Group {
    fn new(negated: bool) -> Self {
        Self {
            negated,
            ..Self::default()
        }
    }

    fn close_all(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.any.push(joined(all, Expression::And));
    }

    fn close(mut self) -> Expression {
        self.close_all();
        negate(joined(self.any, Expression::Or), self.negated)
    }
}

fn joined(mut terms: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            join(terms)
        }
    }
}

fn negate(expression: Expression, negated: bool) -> Expression {
    match negated {
        true => Expression::Not(Box::new(expression)),
        false => expression,
    }
}

struct Cursor<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
}

impl<'a> Cursor<'a> {
    /// What follows the blanks.
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t']);
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    fn eats(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn expected(&mut self, what: &str) -> String {
        let rest = self.rest();
        let before = self.text.get(..self.at).unwrap_or_default();
        let position = before.chars().count() + 1;
        let found = match rest.chars().next() {
            Some(found) => format!("{found:?}"),
            None => "the end".to_owned(),
        };
        format!("expected {what} at character {position}, found {found}")
    }

    /// Eats all `!`; whether their number is odd.
    fn negated(&mut self) -> bool {
        let mut negated = false;
        while self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            negated = !negated;
        }
        negated
    }

    fn operation(&mut self) -> Result<Expression, String> {
        if self.eats("has(") {
            let key = self.key("a label key")?;
            return self.closed(Expression::Has(key));
        }
        if self.eats("all(") {
            return self.closed(Expression::All);
        }
        if self.eats("global(") {
            return self.closed(Expression::Global);
        }
        let key = self.key("a label key, `has(KEY)`, `all()`, `!` or `(`")?;
        self.condition(key)
    }

    fn closed(&mut self, expression: Expression) -> Result<Expression, String> {
        match self.eats(")") {
            true => Ok(expression),
            false => Err(self.expected("`)`")),
        }
    }

    fn key(&mut self, wanted: &str) -> Result<String, String> {
        let rest = self.rest();
        let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
        let end = rest.find(|c| !in_key(c)).unwrap_or(rest.len());
        let key = rest.get(..end).unwrap_or_default();
        if key.is_empty() {
            return Err(self.expected(wanted));
        }
        if key.len() > LONGEST_KEY {
            let wanted = format!("a label key of at most {LONGEST_KEY} characters");
            return Err(self.expected(&wanted));
        }
        self.at += end;
        Ok(key.to_owned())
    }

    /// The operator behind a key, and its value. Words need no blank behind them.
    fn condition(&mut self, key: String) -> Result<Expression, String> {
        let start = self.at;
        let compare: fn(String, String) -> Expression = match () {
            () if self.eats("==") => Expression::Equal,
            () if self.eats("!=") => Expression::NotEqual,
            () if self.eats("contains") => Expression::Contains,
            () if self.eats("starts") && self.eats("with") => Expression::StartsWith,
            () if self.eats("ends") && self.eats("with") => Expression::EndsWith,
            () if self.eats("not") && self.eats("in") => {
                return Ok(Expression::NotIn(key, self.values()?));
            }
            () if self.eats("in") => return Ok(Expression::In(key, self.values()?)),
            () => {
                self.at = start;
                return Err(self.expected(
                    "`==`, `!=`, `in`, `not in`, `contains`, `starts with` or `ends with`",
                ));
            }
        };
        Ok(compare(key, self.value()?))
    }

    fn value(&mut self) -> Result<String, String> {
        let found = self.literal()?;
        found.ok_or_else(|| self.expected("a value in quotes"))
    }

    /// A text in quotes, which has no escapes; none if there is none.
    fn literal(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let inner = rest.get(1..).unwrap_or_default();
        let Some((value, _)) = inner.split_once(quote) else {
            return Err(self.expected(&format!("a value that ends with {quote}")));
        };
        self.at += value.len() + 2;
        Ok(Some(value.to_owned()))
    }

    /// `{'A', 'B'}`: it may be empty, and end with a comma.
    fn values(&mut self) -> Result<Vec<String>, String> {
        if !self.eats("{") {
            return Err(self.expected("`{`"));
        }
        let mut values = Vec::new();
        while let Some(value) = self.literal()? {
            values.push(value);
            if !self.eats(",") {
                break;
            }
        }
        match self.eats("}") {
            true => Ok(values),
            false if values.is_empty() => Err(self.expected("a value in quotes or `}`")),
            false => Err(self.expected("`,` or `}`")),
        }
    }
}

#[cfg(test)]
mod tests;
