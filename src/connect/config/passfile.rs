//! Password files: `~/.pgpass`, lines of `host:port:database:user:password`.
//!
//! Follows `passwordFromFile` in `fe-connect.c`. A file that others can read is not used, with a warning. The file is
//! read whole, once, and nothing of it is kept but the passwords that matched.

use std::path::Path;

use crate::connect::Password;

/// What a password is looked up by, as the file spells it.
pub(super) struct Entry<'a> {
    /// Host name, or address, or socket folder; `localhost` for the default socket folder.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) dbname: &'a str,
    pub(super) user: &'a str,
}

/// The text of the file when it may be used. The error is a warning to show; no file at all is neither.
pub(super) fn read(path: &Path) -> Result<Option<String>, String> {
    // Asked before it is opened: to open a pipe would wait for its other end.
    let Ok(metadata) = std::fs::metadata(path) else {
        return Ok(None);
    };
    let path_shown = path.display();
    if !metadata.is_file() {
        return Err(format!("password file {path_shown} is not a plain file"));
    }
    if is_open_to_others(&metadata) {
        return Err(format!(
            "password file {path_shown} is not used: group or others have access; run: chmod 0600 {path_shown}"
        ));
    }
    std::fs::read_to_string(path)
        .map(Some)
        .map_err(|error| format!("cannot read password file {path_shown}: {error}"))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// The password of the first line that matches.
pub(super) fn find(text: &str, entry: &Entry<'_>) -> Option<Password> {
    let port = entry.port.to_string();
    let wanted = [entry.host, &port, entry.dbname, entry.user];
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .find_map(|line| {
            let password = wanted.iter().try_fold(line, |rest, wanted| {
                let (field, rest) = field(rest);
                let matches = field.raw == "*" || field.text == *wanted;
                rest.filter(|_| matches)
            })?;
            Some(Password::new(field(password).0.text))
        })
}

struct Field<'a> {
    raw: &'a str,
    text: String,
}

/// The field at the start of `line`, and what follows its colon, if it has one. A backslash takes the next character
/// as it is.
fn field(line: &str) -> (Field<'_>, Option<&str>) {
    let mut text = String::new();
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ':' => {
                let (raw, rest) = line.split_at(at);
                return (Field { raw, text }, rest.get(1..));
            }
            '\\' => text.push(chars.next().map_or('\\', |(_, escaped)| escaped)),
            c => text.push(c),
        }
    }
    (Field { raw: line, text }, None)
}

#[cfg(test)]
mod tests {
    use super::{Entry, find};

    fn lookup(text: &str, host: &str, port: u16, dbname: &str, user: &str) -> Option<String> {
        find(
            text,
            &Entry {
                host,
                port,
                dbname,
                user,
            },
        )
        .map(|password| password.expose().to_owned())
    }

    #[test]
    fn fields_wildcards_and_order() {
        let file = "# comment\n\nh:5432:db:ann:one\n*:*:db:ann:two\n*:*:*:*:three\n";
        assert_eq!(lookup(file, "h", 5432, "db", "ann").as_deref(), Some("one"));
        assert_eq!(lookup(file, "h", 5433, "db", "ann").as_deref(), Some("two"));
        assert_eq!(
            lookup(file, "h", 5433, "x", "ann").as_deref(),
            Some("three")
        );
        assert_eq!(lookup("h:5432:db:bob:one", "h", 5432, "db", "ann"), None);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            lookup(r"\:\:1:5432:d\:b:a\\b:p\:w\\d", "::1", 5432, "d:b", r"a\b").as_deref(),
            Some(r"p:w\d")
        );
        // The password ends at a colon that is not escaped; an escaped star is a star.
        assert_eq!(
            lookup("h:1:d:u:secret:rest", "h", 1, "d", "u").as_deref(),
            Some("secret")
        );
        assert_eq!(lookup(r"\*:1:d:u:p", "h", 1, "d", "u"), None);
        assert_eq!(
            lookup(r"\*:1:d:u:p", "*", 1, "d", "u").as_deref(),
            Some("p")
        );
        // A star is a wildcard only when it is the whole field.
        assert_eq!(lookup("h*:1:d:u:p", "hx", 1, "d", "u"), None);
    }

    #[test]
    fn short_and_odd_lines() {
        for line in [
            "",
            "h",
            "h:1:d",
            "h:1:d:u",
            "::::",
            r"h:1:d:u\",
            "\u{0}",
            "h:1:d:u:\r",
        ] {
            let found = lookup(line, "h", 1, "d", "u");
            assert!(
                found.is_none() || found.as_deref() == Some("\r"),
                "{line:?} {found:?}"
            );
        }
        assert_eq!(
            lookup("h:1:d:u:p\r\n", "h", 1, "d", "u").as_deref(),
            Some("p")
        );
        assert_eq!(
            lookup(r"h:1:d:u:p\", "h", 1, "d", "u").as_deref(),
            Some(r"p\")
        );
        assert_eq!(lookup("h:1:d:u:", "h", 1, "d", "u").as_deref(), Some(""));
    }
}
