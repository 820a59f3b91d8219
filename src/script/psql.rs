//! psql commands as text: the name, the arguments, where the command ends.
//!
//! After the rules of `psqlscanslash.l`: a command ends with its line, or at a backslash outside quotes (`\\`
//! separates it from what follows). Single quotes know `''` and backslash escapes, double quotes stay in the
//! argument, backquotes would run a program and are refused. What a command does is decided in `source`.

use std::borrow::Cow;

use super::variables::{Colon, Variables, read_colon};

/// Arguments that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// A quote without its partner on the same line.
    #[error("an argument of {0} has a quote that is not closed on its line")]
    Unclosed(String),
    /// Backquotes.
    #[error("{0} would run a program on this machine (backquotes); this is not supported")]
    Backquotes(String),
}

/// The name of the command at the start of `line`, with its backslash: `\set`.
pub(super) fn name(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line.get(..name_len(line)).unwrap_or_default())
}

/// A name ends at a blank or at the next backslash.
fn name_len(line: &[u8]) -> usize {
    let rest = line.get(1..).unwrap_or_default();
    let end = rest.iter().position(|&b| is_blank(b) || b == b'\\');
    1 + end.unwrap_or(rest.len())
}

/// How many bytes of `line`, which begins with a backslash and ends before the newline, belong to its first
/// command, the separator `\\` included.
pub(super) fn extent(line: &[u8]) -> usize {
    let mut at = name_len(line);
    let mut quote = None;
    while let Some(&byte) = line.get(at) {
        match (quote, byte) {
            (None, b'\\') => {
                let separator = line.get(at + 1) == Some(&b'\\');
                return if separator { at + 2 } else { at };
            }
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (Some(b'\''), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
        at += 1;
    }
    line.len()
}

/// The arguments of the command `text`, variables inserted.
pub(super) fn arguments(text: &str, variables: &Variables) -> Result<Vec<String>, ArgumentError> {
    let bytes = text.as_bytes();
    let name = name(bytes);
    let mut reader = Arguments {
        bytes,
        at: name_len(bytes),
        variables,
    };
    let mut list = Vec::new();
    loop {
        while reader.peek().is_some_and(is_blank) {
            reader.at += 1;
        }
        match reader.peek() {
            None | Some(b'\\') => return Ok(list),
            Some(_) => list.push(reader.argument(&name)?),
        }
    }
}

struct Arguments<'a> {
    bytes: &'a [u8],
    at: usize,
    variables: &'a Variables,
}

impl Arguments<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn argument(&mut self, command: &str) -> Result<String, ArgumentError> {
        let mut out = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => break,
                byte if is_blank(byte) => break,
                b'\'' => self.single_quoted(&mut out, command)?,
                b'"' => self.double_quoted(&mut out, command)?,
                b'`' => return Err(ArgumentError::Backquotes(command.to_owned())),
                b':' => self.colon(&mut out),
                byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn colon(&mut self, out: &mut Vec<u8>) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Colon::Reference(found) = read_colon(rest, true) {
            let name = rest
                .get(found.name.clone())
                .and_then(|name| std::str::from_utf8(name).ok());
            if let Some(value) = name.and_then(|name| self.variables.expand(name, found.form)) {
                out.extend_from_slice(value.as_bytes());
                self.at += found.len;
                return;
            }
        }
        out.push(b':');
        self.at += 1;
    }

    fn double_quoted(&mut self, out: &mut Vec<u8>, command: &str) -> Result<(), ArgumentError> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'"', rest) else {
            return Err(ArgumentError::Unclosed(command.to_owned()));
        };
        let quoted = self
            .bytes
            .get(self.at..self.at + end + 2)
            .unwrap_or_default();
        out.extend_from_slice(quoted);
        self.at += end + 2;
        Ok(())
    }

    fn single_quoted(&mut self, out: &mut Vec<u8>, command: &str) -> Result<(), ArgumentError> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match rest {
                [] => return Err(ArgumentError::Unclosed(command.to_owned())),
                [b'\'', b'\'', ..] => {
                    out.push(b'\'');
                    self.at += 2;
                }
                [b'\'', ..] => {
                    self.at += 1;
                    return Ok(());
                }
                [b'\\', escaped @ ..] => {
                    let (byte, len) = escape(escaped);
                    out.extend(byte);
                    self.at += 1 + len;
                }
                [byte, ..] => {
                    out.push(*byte);
                    self.at += 1;
                }
            }
        }
    }
}

/// What stands for `\` and the bytes behind it in single quotes, and how many bytes those are.
fn escape(rest: &[u8]) -> (Option<u8>, usize) {
    let digits = |from: usize, most: usize, radix: u32| {
        let tail = rest.iter().skip(from).take(most);
        let values: Vec<u32> = tail.map_while(|&b| char::from(b).to_digit(radix)).collect();
        let value = values.iter().fold(0, |sum, digit| sum * radix + digit);
        (u8::try_from(value & 0xFF).ok(), values.len())
    };
    match rest {
        [] => (None, 0),
        [b'n', ..] => (Some(b'\n'), 1),
        [b't', ..] => (Some(b'\t'), 1),
        [b'b', ..] => (Some(0x08), 1),
        [b'r', ..] => (Some(b'\r'), 1),
        [b'f', ..] => (Some(0x0c), 1),
        [b'0'..=b'7', ..] => digits(0, 3, 8),
        [b'x', digit, ..] if digit.is_ascii_hexdigit() => {
            let (byte, len) = digits(1, 2, 16);
            (byte, len + 1)
        }
        [byte, ..] => (Some(*byte), 1),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_ends_with_its_line_or_at_a_backslash() {
        assert_eq!(extent(br"\echo hello world"), 17);
        assert_eq!(extent(br"\echo hello \\ SELECT 1;"), 14);
        assert_eq!(extent(br"\if true \echo x"), 9);
        assert_eq!(extent(br"\echo 'a\'b\\' rest"), 19);
    }

    #[test]
    fn arguments_are_read_as_psql_reads_them() {
        let mut variables = Variables::default();
        variables.set("who", "world");
        let read = |text| arguments(text, &variables).unwrap();
        assert_eq!(read(r"\echo hello :who:who"), ["hello", "worldworld"]);
        assert_eq!(
            read(r#"\echo 'it''s\n\101\x42' "a b"c"#),
            ["it's\nAB", "\"a b\"c"]
        );
        assert_eq!(read(r"\echo :'who' :unset"), ["'world'", ":unset"]);
        assert_eq!(read(r"\set a b \\ "), ["a", "b"]);
        assert!(read(r"\restrict").is_empty());
        assert!(matches!(
            arguments(r"\echo 'a", &variables),
            Err(ArgumentError::Unclosed(_))
        ));
        assert!(matches!(
            arguments(r"\echo `ls`", &variables),
            Err(ArgumentError::Backquotes(_))
        ));
    }
}
