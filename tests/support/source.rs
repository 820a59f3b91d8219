//! Rust source as text: the files of this repository, and their code without comments and literals, for
//! `tidy`. A tokenizer of a page, not a parser: it knows where code ends and text begins.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct File {
    /// From the root of the repository.
    pub(crate) path: String,
    pub(crate) text: String,
    /// `text` with comments and literals blanked out, line by line the same.
    code: String,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All `.rs` files under these folders, in order.
pub(crate) fn files(folders: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().map(|path| File::read(path)).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name() != Some("target".as_ref()) {
            walk(&path, found);
        } else if path.extension() == Some("rs".as_ref()) {
            found.push(path);
        }
    }
}

impl File {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let code = blanked(&text);
        let path = path
            .strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        Self { path, text, code }
    }

    /// Whether it is `src/<prefix>...`; a folder's `x/` has `x.rs` too.
    pub(crate) fn is_under(&self, prefix: &str) -> bool {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.starts_with(prefix) || inside.strip_suffix(".rs") == prefix.strip_suffix('/')
    }

    /// The folder of `src/` it is in.
    pub(crate) fn folder(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split(['/', '.']).next().unwrap_or(inside)
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The code above the file's own tests, which are its last item; nothing of a file of tests.
    pub(crate) fn code_before_tests(&self) -> &str {
        let name = self.path.trim_end_matches(".rs");
        if name.ends_with("/tests") || name.ends_with("_tests") || name.contains("/tests/") {
            return "";
        }
        let end = self.code.find("#[cfg(test)]").unwrap_or(self.code.len());
        &self.code[..end]
    }

    /// The text of [`Self::code_before_tests`], literals and comments included.
    pub(crate) fn text_before_tests(&self) -> &str {
        let lines = self.code_before_tests().lines().count();
        let end = self
            .text
            .split_inclusive('\n')
            .take(lines)
            .map(str::len)
            .sum();
        &self.text[..end]
    }

    /// `file:line: text` for every line of code with `word` in it.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<String> {
        let lines = self
            .code
            .lines()
            .zip(1..)
            .filter(|(text, _)| has_word(text, word));
        lines
            .map(|(text, line)| format!("{}:{line}: {}", self.path, text.trim()))
            .collect()
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part)
            && (!word.ends_with(part) || !text[at + word.len()..].starts_with(part))
    })
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// `x` of every `crate::x` and `crate::{x, ..}` in code, with its line.
pub(crate) fn crate_paths(code: &str) -> Vec<(usize, &str)> {
    let name = |text: &str| {
        let rest = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        text.len() - rest.len()
    };
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let start = at + path.len();
        let mut add =
            |at: usize| found.push((line_of(code, at), &code[at..at + name(&code[at..])]));
        if !code[start..].starts_with('{') {
            add(start);
            continue;
        }
        let (mut depth, mut first) = (0_u32, true);
        for (index, c) in code[start..].char_indices().skip(1) {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first = true,
                c if first && !c.is_whitespace() => {
                    add(start + index);
                    first = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// The string literals of a text, with their lines.
pub(crate) fn literals(text: &str) -> Vec<(usize, String)> {
    tokens(text)
        .into_iter()
        .filter(|token| token.is_string)
        .map(|token| {
            let quoted = &text[token.start..token.end];
            let inner = quoted
                .trim_start_matches(['b', 'c', 'r', '#'])
                .trim_end_matches('#')
                .trim_matches('"');
            (line_of(text, token.start), inner.to_owned())
        })
        .collect()
}

fn blanked(text: &str) -> String {
    let mut code = text.to_owned();
    for token in tokens(text).into_iter().rev() {
        let blank: String = text[token.start..token.end]
            .chars()
            .map(|c| if c == '\n' { c } else { ' ' })
            .collect();
        code.replace_range(token.start..token.end, &blank);
    }
    code
}

/// A comment or a literal: what is no code.
struct Token {
    start: usize,
    end: usize,
    is_string: bool,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let previous = text[..at].chars().next_back();
        let (length, is_string) = token_length(rest, previous);
        if length > 0 {
            found.push(Token {
                start: at,
                end: at + length,
                is_string,
            });
            at += length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// The length of the comment or literal that `rest` begins with, or 0, and whether it is a string.
fn token_length(rest: &str, previous: Option<char>) -> (usize, bool) {
    let in_word = previous.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment_length(rest), false);
    }
    if rest.starts_with('\'') {
        return (character_length(rest), false);
    }
    if let Some(inside) = rest.strip_prefix('"') {
        return (1 + escaped_length(inside, '"'), true);
    }
    let raw = rest.trim_start_matches(['b', 'c']);
    if !in_word && raw.starts_with('r') && rest.len() - raw.len() <= 1 {
        let hashes = raw[1..].len() - raw[1..].trim_start_matches('#').len();
        if raw[1 + hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = rest.len() - raw.len() + 2 + hashes;
            return (
                rest[open..]
                    .find(&close)
                    .map_or(rest.len(), |end| open + end + close.len()),
                true,
            );
        }
    }
    (0, false)
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `'x'` and `'\n'` are characters, `'a` is a lifetime.
fn character_length(rest: &str) -> usize {
    let mut inside = rest[1..].chars();
    match inside.next() {
        Some('\\') => 1 + escaped_length(&rest[1..], '\''),
        Some(c) if inside.next() == Some('\'') => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn escaped_length(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return index + 1,
            _ => {}
        }
    }
    inside.len()
}

#[test]
fn words_in_comments_and_literals_are_no_code() {
    let text = "a /* b /* c */ d */ e \"f \\\" g\" 'h' '\\'' r#\"i \" j\"# // k\n'l: br\"m\" n";
    let words: Vec<_> = blanked(text)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert_eq!(words, ["a", "e", "'l:", "n"]);
    let strings: Vec<_> = literals("x(\"one\", r#\"two\"#);\nb\"three\"")
        .into_iter()
        .collect();
    let expected = [
        (1, "one".to_owned()),
        (1, "two".to_owned()),
        (2, "three".to_owned()),
    ];
    assert_eq!(strings, expected);
}

#[test]
fn imports_are_found() {
    let code =
        "use crate::plan::Step;\nuse crate::{plan::{a, b},\n diff, store::x};\nlet x: crate::Y;";
    assert_eq!(
        crate_paths(code),
        [
            (1, "plan"),
            (2, "plan"),
            (3, "diff"),
            (3, "store"),
            (4, "Y")
        ]
    );
}
