//! The tokens of one statement, for those who look at its words: the classifier, the gate, the suggestions.
//!
//! Blanks and comments are left out, strings and dollar quotes are one token each. It reads with the
//! searches of the lexer, so both agree on where a token ends. Reads lazily: who looks at the first words of
//! a large statement pays for those only. Pure.

use memchr::memmem;

use super::cursor::Cursor;

/// A token and where it begins, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// `".."` or `U&".."`
    Quoted,
    /// A string in any form.
    Literal,
    /// Digits, one character of an operator, a parenthesis, a comma, a dot.
    Other,
}

impl Token<'_> {
    /// Whether this is the keyword `word`, which is given in lower case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is the character `text`.
    pub(super) fn is_char(&self, text: &str) -> bool {
        self.kind == TokenKind::Other && self.text == text
    }
}

/// The tokens of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    /// The next token, not taken.
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        let mut ahead = *self;
        ahead.next()
    }

    /// Takes the next token when it is the keyword `word`.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        self.eat_if(|token| token.is(word))
    }

    /// Takes the next tokens when they are these keywords.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = *self;
        let all = words.iter().all(|word| ahead.eat(word));
        if all {
            *self = ahead;
        }
        all
    }

    /// Takes the next token when it is the character `text`.
    pub(super) fn eat_char(&mut self, text: &str) -> bool {
        self.eat_if(|token| token.is_char(text))
    }

    fn eat_if(&mut self, is: impl FnOnce(&Token<'a>) -> bool) -> bool {
        let mut ahead = *self;
        let taken = ahead.next().is_some_and(|token| is(&token));
        if taken {
            *self = ahead;
        }
        taken
    }

    /// Goes behind the parenthesis that closes the one that was just taken.
    pub(super) fn skip_parentheses(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some(token) if token.is_char("(") => depth += 1,
                Some(token) if token.is_char(")") => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Where the next token begins, or the text ends.
    pub(super) fn next_at(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.at)
    }

    /// The text from byte `from` on to where we are.
    pub(super) fn text_since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Behind blanks and comments.
    fn skip_blanks(&mut self, cursor: Cursor<'_>) {
        loop {
            self.at = cursor.blanks(self.at);
            match (cursor.at(self.at), cursor.at(self.at + 1)) {
                (Some(b'-'), Some(b'-')) => {
                    self.at = cursor.line_comment(self.at).unwrap_or(self.text.len());
                }
                (Some(b'/'), Some(b'*')) => {
                    self.at = cursor.block_comment(self.at).unwrap_or(self.text.len());
                }
                _ => return,
            }
        }
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "looking ahead is reading on in a copy"
)]
impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let cursor = Cursor {
            text: self.text.as_bytes(),
            complete: true,
        };
        self.skip_blanks(cursor);
        let at = self.at;
        let (kind, end) = token(cursor, at)?;
        let end = end.unwrap_or(self.text.len());
        self.at = end;
        Some(Token {
            kind,
            text: self.text.get(at..end)?,
            at,
        })
    }
}

/// The kind of the token at `at`, and its end; no end when it is not closed.
fn token(cursor: Cursor<'_>, at: usize) -> Option<(TokenKind, Option<usize>)> {
    let quoted = |quote: usize| cursor.quoted_end(quote);
    let string = |quote: usize| cursor.quoted_end(quote);
    Some(match cursor.at(at)? {
        b'"' => (TokenKind::Quoted, quoted(at)),
        b'\'' => (TokenKind::Literal, string(at)),
        b'$' => match cursor.dollar_delimiter(at) {
            Some(body) => (TokenKind::Literal, dollar_quote_end(cursor, at, body)),
            None => (TokenKind::Other, Some(at + 1)),
        },
        first if first.is_ascii_alphabetic() || first == b'_' || first >= 0x80 => {
            let end = cursor.word_end(at);
            let prefix = if end == at + 1 {
                first.to_ascii_lowercase()
            } else {
                0
            };
            match (prefix, cursor.at(end), cursor.at(end + 1)) {
                (b'e', Some(b'\''), _) => (TokenKind::Literal, cursor.escape_string(end + 1)),
                (b'b' | b'x' | b'n', Some(b'\''), _) => (TokenKind::Literal, string(end)),
                (b'u', Some(b'&'), Some(b'\'')) => (TokenKind::Literal, string(end + 1)),
                (b'u', Some(b'&'), Some(b'"')) => (TokenKind::Quoted, quoted(end + 1)),
                _ => (TokenKind::Word, Some(end)),
            }
        }
        b'0'..=b'9' => (
            TokenKind::Other,
            Some(at + cursor.run(at, |b| b.is_ascii_alphanumeric())),
        ),
        _ => (TokenKind::Other, Some(at + 1)),
    })
}

/// Behind the dollar quote whose delimiter stands from `at` to `body`.
fn dollar_quote_end(cursor: Cursor<'_>, at: usize, body: usize) -> Option<usize> {
    let delimiter = cursor.text.get(at..body)?;
    let found = memmem::find(cursor.text.get(body..)?, delimiter)?;
    Some(body + found + delimiter.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_words_names_strings_and_characters() {
        let text = "Select/* x /* y */ */ U&\"a\"\"b\".E'\\'',$1, $x$;$x$ -- z\n12e3 é>=";
        let tokens: Vec<_> = Tokens::new(text).map(|token| token.text).collect();
        assert_eq!(
            tokens,
            [
                "Select",
                "U&\"a\"\"b\"",
                ".",
                "E'\\''",
                ",",
                "$",
                "1",
                ",",
                "$x$;$x$",
                "12e3",
                "é",
                ">",
                "="
            ]
        );
    }

    #[test]
    fn keywords_are_taken_when_they_stand_there() {
        let mut tokens = Tokens::new("DROP table IF exists (a (b) c) d");
        assert!(tokens.eat("drop") && !tokens.eat("view") && tokens.eat("table"));
        assert!(!tokens.eat_all(&["if", "not"]) && tokens.eat_all(&["if", "exists"]));
        assert!(tokens.eat_char("("));
        tokens.skip_parentheses();
        assert_eq!(tokens.peek().map(|token| token.text), Some("d"));
    }
}
