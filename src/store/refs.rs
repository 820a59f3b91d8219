//! Refs as text: what a label may be, and what a ref can say. Pure; looking them up is the business of `resolve.rs`.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::hash::SnapshotId;

/// The longest label.
const MAX_LABEL: usize = 100;

/// The fewest digits of a snapshot's id that name it.
pub(crate) const MIN_PREFIX: usize = 4;

/// Why a label cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The text is no label.
    #[error("`{label}` cannot be a label: {problem}")]
    Invalid {
        /// The text.
        label: String,
        /// Why not.
        problem: &'static str,
    },
    /// Another snapshot has it.
    #[error("label `{label}` is taken by snapshot {}; use `--move` to move it", snapshot.short())]
    Taken {
        /// The label.
        label: String,
        /// The snapshot that has it.
        snapshot: SnapshotId,
    },
    /// There is no such label to remove.
    #[error("this database has no label `{0}`")]
    Unknown(String),
}

/// Checks that `label` can name a snapshot: product rule, see docs/FORMAT.md, "Labels".
pub fn check_label(label: &str) -> Result<(), LabelError> {
    let problem = if !label.starts_with(|c: char| c.is_ascii_alphabetic()) {
        "it must begin with a letter A-Z or a-z"
    } else if !label
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    {
        "only letters, digits, `.`, `_` and `-` are allowed"
    } else if label.len() > MAX_LABEL {
        "it is longer than 100 characters"
    } else if label == "db" {
        "`db` means the live database"
    } else if label.bytes().all(|b| b.is_ascii_hexdigit()) {
        "it could be the beginning of a snapshot's id"
    } else if [".sql", ".dump", ".plan"]
        .iter()
        .any(|end| label.ends_with(end))
    {
        "it could be a file"
    } else {
        return Ok(());
    };
    Err(LabelError::Invalid {
        label: label.to_owned(),
        problem,
    })
}

/// A ref, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ref {
    /// `@` and `@~N`: the N-th newest snapshot that a user took.
    Newest(usize),
    /// `@{2h}`: the newest snapshot that a user took before that long ago.
    Ago(SignedDuration),
    /// `@before`, `@before~N`: the snapshot before the N-th newest operation.
    Before(usize),
    /// `@after`, `@after~N`.
    After(usize),
    /// `before/<operation>` or `after/<operation>`.
    Automatic(String),
    /// A label, or a prefix of a snapshot's id.
    Name(String),
}

impl Ref {
    /// Takes `text` apart; the error says what a ref looks like.
    pub(crate) fn parse(text: &str) -> Result<Ref, RefError> {
        let invalid = |problem: &str| RefError::Invalid {
            given: text.to_owned(),
            problem: problem.to_owned(),
        };
        let Some(rest) = text.strip_prefix('@') else {
            return match text {
                "" => Err(invalid("it is empty")),
                "db" => Err(invalid("`db` is the live database, not a snapshot")),
                _ if text.starts_with("before/") || text.starts_with("after/") => {
                    Ok(Ref::Automatic(text.to_owned()))
                }
                _ => Ok(Ref::Name(text.to_owned())),
            };
        };
        if let Some(inner) = rest.strip_prefix('{') {
            let inner = inner
                .strip_suffix('}')
                .ok_or_else(|| invalid("`}` is missing"))?;
            return ago(inner)
                .map(Ref::Ago)
                .ok_or_else(|| invalid("a duration looks like 2h, 30m or 3d"));
        }
        let (word, number) = rest.split_once('~').unwrap_or((rest, "0"));
        let number = number
            .parse()
            .map_err(|_| invalid("a whole number must follow `~`"))?;
        match word {
            "" => Ok(Ref::Newest(number)),
            "before" => Ok(Ref::Before(number)),
            "after" => Ok(Ref::After(number)),
            _ => Err(invalid(
                "after `@` comes nothing, `~N`, `{2h}`, `before` or `after`",
            )),
        }
    }
}

/// A length of time as people write it: `2h`, `1d 12h`, `4w`. Days have 24 hours; months have no length.
pub fn parse_age(text: &str) -> Option<std::time::Duration> {
    ago(text).map(SignedDuration::unsigned_abs)
}

fn ago(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

/// A snapshot that a ref could have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: SnapshotId,
    /// Its label or automatic name.
    pub name: Option<String>,
    /// The name of its database.
    pub database: String,
    /// When it was taken.
    pub time: Timestamp,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("no label");
        write!(
            f,
            "{} ({name}, database {}, {:.0})",
            self.id.short(),
            self.database,
            self.time
        )
    }
}

/// Why a ref names no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefError {
    /// The text is no ref.
    #[error("`{given}` is not a ref: {problem}")]
    Invalid {
        /// The text.
        given: String,
        /// Why not.
        problem: String,
    },
    /// Nothing has this name.
    #[error("no snapshot is called `{given}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// The text.
        given: String,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// The place that it names is empty, such as `@~7` of three snapshots.
    #[error("`{given}` names nothing: {problem}")]
    Nothing {
        /// The text.
        given: String,
        /// What there is instead.
        problem: String,
    },
    /// More than one snapshot has this name.
    #[error("`{given}` is ambiguous; it could be {}", list(candidates))]
    Ambiguous {
        /// The text.
        given: String,
        /// All that it could be.
        candidates: Vec<Candidate>,
    },
}

fn list(candidates: &[Candidate]) -> String {
    let texts: Vec<String> = candidates.iter().map(Candidate::to_string).collect();
    texts.join(" or ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for good in [
            "v2",
            "before-v2",
            "A.b_c-9",
            "face-lift",
            "dbx",
            "beforehand",
        ] {
            assert_eq!(check_label(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in [
            "", "2x", "-x", "db", "face", "DEAD", "a", "a b", "a/b", "ä", "x.sql", "x.dump",
            "x.plan", "../x", &long,
        ] {
            assert!(check_label(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refs() {
        let hours = SignedDuration::from_hours;
        let good = [
            ("@", Ref::Newest(0)),
            ("@~0", Ref::Newest(0)),
            ("@~12", Ref::Newest(12)),
            ("@{2h}", Ref::Ago(hours(2))),
            ("@{1d 2h}", Ref::Ago(hours(26))),
            ("@before", Ref::Before(0)),
            ("@before~3", Ref::Before(3)),
            ("@after", Ref::After(0)),
            (
                "before/op-20261122T140502Z-9f3a",
                Ref::Automatic("before/op-20261122T140502Z-9f3a".to_owned()),
            ),
            ("before-v2", Ref::Name("before-v2".to_owned())),
            ("9f3a", Ref::Name("9f3a".to_owned())),
        ];
        for (text, wanted) in good {
            assert_eq!(Ref::parse(text).unwrap(), wanted, "{text}");
        }
        for bad in [
            "",
            "db",
            "@x",
            "@~",
            "@~-1",
            "@~x",
            "@{",
            "@{2h",
            "@{}",
            "@{yesterday}",
            "@{-2h}",
            "@before~",
            "@~99999999999999999999",
        ] {
            assert!(
                matches!(Ref::parse(bad), Err(RefError::Invalid { .. })),
                "{bad}"
            );
        }
    }
}
