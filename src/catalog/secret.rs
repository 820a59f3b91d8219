//! Secrets in the catalog: passwords in the options of foreign servers and user mappings, in the connection strings of
//! subscriptions, and in settings of databases. They are left out of the model where a row is read, so that none is ever
//! printed or compared, and none stored but in [`Secrets`], when that was asked for; a marker stands for each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::options;
use super::quote::{ident, literal};
use super::step::Step;

/// Stands for a secret. A server takes it as a value, and no connection is made with it.
pub const MARKER: &str = "not-in-the-snapshot";

/// Whether the value of an option of this name is a secret.
fn is_secret(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "password",
        "passwd",
        "secret",
        "token",
        "credential",
        "api_key",
        "apikey",
        "access_key",
        "private_key",
    ];
    let name = name.to_ascii_lowercase();
    // An option of postgres_fdw and of subscriptions that says whether there must be one.
    name != "password_required" && WORDS.iter().any(|word| name.contains(word))
}

/// Options (`name=value`) without secrets.
pub fn hide(options: Vec<String>) -> Vec<String> {
    let hidden = options.into_iter().map(|option| {
        let (name, _) = options::split(&option);
        if is_secret(name) {
            format!("{name}={MARKER}")
        } else {
            option
        }
    });
    hidden.collect()
}

/// Settings (`name=value`) without secrets. Those of applications (`app.jwt_secret`, `app.service_role_key`) have names
/// of any kind, and connection strings as values.
pub fn hide_in_settings(settings: Vec<String>) -> Vec<String> {
    let hidden = settings.into_iter().map(|setting| {
        let (name, value) = options::split(&setting);
        let is_key = name.to_ascii_lowercase().ends_with("key");
        let value = if is_key || is_secret(name) {
            MARKER.to_owned()
        } else {
            hide_in_connection(value)
        };
        format!("{name}={value}")
    });
    hidden.collect()
}

/// The name under which the connection string of a subscription is kept, as it is written in its SQL.
const CONNECTION: &str = "CONNECTION";

/// Secrets that a user wanted to be kept: of objects, by their ids, options by name. They are put back where a statement
/// is sent, and nowhere else.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(BTreeMap<String, BTreeMap<String, String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// Keeps the secrets among the options (`name=value`) of an object.
    pub fn add(&mut self, object: &str, options: impl Iterator<Item = String>) {
        let mut kept = BTreeMap::new();
        for option in options {
            let (name, value) = options::split(&option);
            if name == CONNECTION || is_secret(name) {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        if !kept.is_empty() {
            self.0.insert(object.to_owned(), kept);
        }
    }

    /// Whether those of this object are kept.
    pub fn has(&self, object: &str) -> bool {
        self.0.contains_key(object)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Objects have other ids.
    pub fn rename(&mut self, ids: &BTreeMap<String, String>) {
        let old = std::mem::take(&mut self.0).into_iter();
        self.0 = old
            .map(|(id, kept)| (ids.get(&id).cloned().unwrap_or(id), kept))
            .collect();
    }

    /// The statement of a step with the secrets of what it is about. Where a marker could be of two, it stays.
    pub fn put_back<'a>(&self, step: &'a Step) -> Cow<'a, str> {
        let mut sql = Cow::Borrowed(step.sql.as_str());
        if self.is_empty() || !is_hidden(&sql) {
            return sql;
        }
        for (name, value) in self.0.get(&step.subject.to_string()).into_iter().flatten() {
            let (name, hidden) = if name == CONNECTION {
                (Cow::Borrowed(CONNECTION), hide_in_connection(value))
            } else {
                (ident(name), MARKER.to_owned())
            };
            let marked = format!("{name} {}", literal(&hidden));
            if sql.matches(&marked).count() == 1 {
                let told = format!("{name} {}", literal(value));
                sql = Cow::Owned(sql.replacen(&marked, &told, 1));
            }
        }
        sql
    }
}

/// Whether a secret was left out of this text.
pub fn is_hidden(text: &str) -> bool {
    text.contains(MARKER)
}

/// A connection string, as libpq takes it, without secrets.
pub fn hide_in_connection(text: &str) -> String {
    for scheme in ["postgres://", "postgresql://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return format!("{scheme}{}", in_url(rest));
        }
    }
    in_keywords(text)
}

/// `user:password@host/db?name=value&..`
fn in_url(rest: &str) -> String {
    let (address, query) = match rest.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (rest, None),
    };
    let end = address.find('/').unwrap_or(address.len());
    let (authority, path) = address.split_at(end);
    let mut hidden = match authority.rsplit_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{MARKER}@{hosts}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    hidden.push_str(path);
    if let Some(query) = query {
        let settings = query.split('&').map(str::to_owned).collect();
        hidden.push('?');
        hidden.push_str(&hide(settings).join("&"));
    }
    hidden
}

/// `name = 'value' ..` (`conninfo_parse()` of `fe-connect.c`); written again only around secrets.
fn in_keywords(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let blank = after.len() - after.trim_start().len();
        let end = blank + value_length(&after[blank..]);
        let (value, next) = after.split_at(end);
        hidden.push_str(name);
        hidden.push('=');
        hidden.push_str(if is_secret(name.trim()) {
            MARKER
        } else {
            value
        });
        rest = next;
    }
    hidden.push_str(rest);
    hidden
}

/// How long the value is that starts here, in bytes, with its quotes.
fn value_length(text: &str) -> usize {
    let quoted = text.starts_with('\'');
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '\'' if quoted => return at + 1,
            other if !quoted && other.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Id, Tag};

    #[test]
    fn no_secret_is_left_in_options() {
        let texts = [
            "user=bob",
            "password=a=b",
            "password_required=false",
            "API_Key=x",
        ];
        let hidden = hide(texts.map(str::to_owned).to_vec());
        let marked = |name: &str| format!("{name}={MARKER}");
        let expected = [
            "user=bob".to_owned(),
            marked("password"),
            "password_required=false".to_owned(),
            marked("API_Key"),
        ];
        assert_eq!(hidden, expected);
    }

    #[test]
    fn secrets_are_put_back_into_what_they_are_of() {
        let mut secrets = Secrets::default();
        let list = |items: &[&str]| {
            items
                .iter()
                .map(|&item| item.to_owned())
                .collect::<Vec<_>>()
        };
        let options = list(&["user=u", "password=it's", "token=t"]);
        secrets.add("server s", options.into_iter());
        let connection = list(&["CONNECTION=host=h password=x"]);
        secrets.add("subscription c", connection.into_iter());
        secrets.add("server none", list(&["host=h"]).into_iter());
        assert!(secrets.has("server s") && !secrets.has("server none"));
        assert_eq!(format!("{secrets:?}"), r#"{"server s", "subscription c"}"#);
        let put_back = |kind, name: &str, sql: &str| {
            let step = Step::alter(&Id::global(kind, name), sql.to_owned());
            secrets.put_back(&step).into_owned()
        };
        for (kind, name, sql, expected) in [
            (
                Tag::Server,
                "s",
                "x OPTIONS (ADD password 'not-in-the-snapshot', token 'not-in-the-snapshot')",
                "x OPTIONS (ADD password 'it''s', token 't')",
            ),
            (
                Tag::Subscription,
                "c",
                "x CONNECTION 'host=h password=not-in-the-snapshot' y",
                "x CONNECTION 'host=h password=x' y",
            ),
            // Of another object; of one of two; not where it was.
            (
                Tag::Server,
                "other",
                "password 'not-in-the-snapshot'",
                "password 'not-in-the-snapshot'",
            ),
            (
                Tag::Server,
                "s",
                "token 'not-in-the-snapshot', token 'not-in-the-snapshot'",
                "token 'not-in-the-snapshot', token 'not-in-the-snapshot'",
            ),
            (
                Tag::Subscription,
                "c",
                "CONNECTION 'host=other password=not-in-the-snapshot'",
                "CONNECTION 'host=other password=not-in-the-snapshot'",
            ),
        ] {
            assert_eq!(put_back(kind, name, sql), expected);
        }
    }

    #[test]
    fn no_secret_is_left_in_settings() {
        for (setting, expected) in [
            ("app.jwt_secret=x", format!("app.jwt_secret={MARKER}")),
            ("app.Service_Key=x=y", format!("app.Service_Key={MARKER}")),
            (
                "app.url=postgres://u:p@h/d",
                format!("app.url=postgres://u:{MARKER}@h/d"),
            ),
            (
                "search_path=\"a=b\", c",
                "search_path=\"a=b\", c".to_owned(),
            ),
            ("work_mem=8MB", "work_mem=8MB".to_owned()),
        ] {
            assert_eq!(hide_in_settings(vec![setting.to_owned()]), [expected]);
        }
    }

    #[test]
    fn no_secret_is_left_in_connection_strings() {
        for (text, expected) in [
            ("host=a dbname=b", "host=a dbname=b".to_owned()),
            (
                r"host=a password = 'it\'s x' dbname=b",
                format!("host=a password ={MARKER} dbname=b"),
            ),
            (r"password=a\ b user=c", format!("password={MARKER} user=c")),
            ("sslpassword=x", format!("sslpassword={MARKER}")),
            (
                "postgres://u:p@h:5/d?password=x&a=b",
                format!("postgres://u:{MARKER}@h:5/d?password={MARKER}&a=b"),
            ),
            ("postgresql://h/d", "postgresql://h/d".to_owned()),
            ("passfile=/a user=é", "passfile=/a user=é".to_owned()),
        ] {
            assert_eq!(hide_in_connection(text), expected);
        }
    }
}
