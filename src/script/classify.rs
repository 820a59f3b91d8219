//! What a statement is, by its leading words: whether it may run in a transaction, whether it controls one,
//! what it destroys, what it locks.
//!
//! The words decide, not a parse tree: a parser that knows 85 of 100 statements would say nothing about the
//! other 15, and here each of them counts. A statement that the server refuses may be classified as anything.
//! Sources: the manual's pages of SQL commands, its chapter "Explicit Locking", and the callers of
//! `PreventInTransactionBlock` in the server. Pure.

use super::destroy;
use super::lock;
use super::setting::{Setting, setting};
use super::tokens::Tokens;

pub use super::destroy::Destroyed;
pub use super::lock::{Lock, LockMode};

/// What is known of a statement without asking the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its leading words in capitals, such as `CREATE TABLE`.
    pub command: String,
    /// How it gets on with the transaction around it.
    pub transaction: Transaction,
    /// The encoding that `SET client_encoding` or `SET NAMES` asks for, unless that is UTF-8.
    pub encoding: Option<String>,
    /// What it destroys, in the order of the text.
    pub destroys: Vec<Destroyed>,
    /// What it locks against writing, or more.
    pub locks: Vec<Lock>,
}

/// How a statement gets on with a transaction around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// It runs inside.
    Inside,
    /// It cannot run inside; why.
    Outside(&'static str),
    /// It begins, ends or shapes the transaction.
    Control(Control),
}

/// Statements about the transaction itself. Savepoints are not among them: they stay inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `BEGIN`, `START TRANSACTION`.
    Begin {
        /// It asks for another mode than the usual: isolation level, READ ONLY, DEFERRABLE.
        modes: bool,
    },
    /// `COMMIT`, `END`.
    Commit {
        /// `AND CHAIN`: the next transaction begins at once.
        chain: bool,
    },
    /// `ROLLBACK`, `ABORT`, without a savepoint.
    Rollback,
    /// `PREPARE TRANSACTION`.
    Prepare,
    /// `SET TRANSACTION`.
    Set,
}

/// Classifies one statement.
#[must_use]
pub fn classify(statement: &str) -> Class {
    let tokens = Tokens::new(statement);
    let encoding = match setting(statement) {
        Some(Setting::Encoding(encoding)) => encoding,
        Some(Setting::StandardStrings(_)) | None => None,
    };
    Class {
        encoding,
        command: command(tokens),
        transaction: transaction(tokens),
        destroys: destroy::destroys(tokens),
        locks: lock::locks(tokens),
    }
}

/// The words that name the command: the first one, and what kind of object it is about.
fn command(mut tokens: Tokens<'_>) -> String {
    let Some(first) = tokens.next() else {
        return String::new();
    };
    let mut words = vec![first.text.to_uppercase()];
    if ["create", "alter", "drop"]
        .iter()
        .any(|verb| first.is(verb))
    {
        skip_modifiers(&mut tokens);
        words.extend(object_kind(&mut tokens));
    } else if let Some(second) = second_word(&first.text.to_ascii_lowercase(), tokens) {
        words.push(second);
    }
    words.join(" ")
}

/// The word behind commands that have two.
fn second_word(first: &str, mut tokens: Tokens<'_>) -> Option<String> {
    let seconds: &[&str] = match first {
        "start" | "prepare" | "set" => &["transaction"],
        "rollback" | "commit" => &["prepared", "to"],
        "comment" => &["on"],
        "security" => &["label"],
        "refresh" => &["materialized"],
        "reassign" => &["owned"],
        "import" => &["foreign"],
        "insert" | "merge" => &["into"],
        "delete" => &["from"],
        _ => return None,
    };
    let next = tokens.next()?;
    seconds
        .iter()
        .find(|word| next.is(word))
        .map(|word| match *word {
            "materialized" => "MATERIALIZED VIEW".to_owned(),
            "foreign" => "FOREIGN SCHEMA".to_owned(),
            word => word.to_uppercase(),
        })
}

/// Goes over what may stand between CREATE and the kind of object.
pub(super) fn skip_modifiers(tokens: &mut Tokens<'_>) {
    const MODIFIERS: [&str; 11] = [
        "or",
        "replace",
        "temporary",
        "temp",
        "unlogged",
        "global",
        "local",
        "unique",
        "recursive",
        "constraint",
        "trusted",
    ];
    while MODIFIERS.iter().any(|word| tokens.eat(word)) {}
    let mut ahead = *tokens;
    if ahead.eat("default") && ahead.peek().is_some_and(|token| token.is("conversion")) {
        *tokens = ahead;
    }
    tokens.eat("procedural");
}

/// The kind of object that CREATE, ALTER or DROP is about, in capitals: `TABLE`, `MATERIALIZED VIEW`.
pub(super) fn object_kind(tokens: &mut Tokens<'_>) -> Option<String> {
    const PAIRS: [(&str, &[&str]); 12] = [
        ("materialized", &["view"]),
        ("foreign", &["table", "data"]),
        ("event", &["trigger"]),
        ("access", &["method"]),
        ("operator", &["class", "family"]),
        ("text", &["search"]),
        ("user", &["mapping"]),
        ("default", &["privileges"]),
        ("large", &["object"]),
        ("owned", &["by"]),
        ("data", &["wrapper"]),
        (
            "search",
            &["configuration", "dictionary", "parser", "template"],
        ),
    ];
    let mut words: Vec<String> = Vec::new();
    let mut last = tokens.next()?;
    words.push(last.text.to_uppercase());
    while let Some((_, seconds)) = PAIRS.iter().find(|(first, _)| last.is(first)) {
        let Some(next) = tokens.peek() else { break };
        if !seconds.iter().any(|second| next.is(second)) {
            break;
        }
        tokens.next();
        words.push(next.text.to_uppercase());
        last = next;
    }
    Some(words.join(" "))
}

fn transaction(mut tokens: Tokens<'_>) -> Transaction {
    use Transaction::{Control as About, Inside, Outside};
    let Some(first) = tokens.next() else {
        return Inside;
    };
    match first.text.to_ascii_lowercase().as_str() {
        "begin" => About(Control::Begin {
            modes: unusual_modes(tokens),
        }),
        "start" if tokens.eat("transaction") => About(Control::Begin {
            modes: unusual_modes(tokens),
        }),
        "commit" | "end" | "rollback" if tokens.eat("prepared") => {
            Outside("it ends another transaction")
        }
        "commit" | "end" => About(Control::Commit {
            chain: chains(tokens),
        }),
        "rollback" | "abort" => {
            let _ = tokens.eat("work") || tokens.eat("transaction");
            if tokens.eat("to") {
                Inside
            } else {
                About(Control::Rollback)
            }
        }
        "prepare" if tokens.eat("transaction") => About(Control::Prepare),
        "set" if tokens.eat("transaction") || tokens.eat_all(&["local", "transaction"]) => {
            About(Control::Set)
        }
        "vacuum" => Outside("VACUUM manages its own transactions"),
        "discard" if tokens.eat("all") => Outside("DISCARD ALL resets the whole session"),
        "cluster" if tokens.peek().is_none_or(|token| token.is_char(";")) => {
            Outside("CLUSTER without a table commits after each one")
        }
        "reindex" => reindex(tokens),
        "create" => create(tokens),
        "drop" => drop(tokens),
        "alter" => alter(tokens),
        _ => Inside,
    }
}

/// Whether BEGIN asks for more than READ COMMITTED and READ WRITE, which is what a run has.
fn unusual_modes(mut tokens: Tokens<'_>) -> bool {
    while tokens.eat("work")
        || tokens.eat("transaction")
        || tokens.eat_all(&["isolation", "level", "read", "committed"])
        || tokens.eat_all(&["read", "write"])
        || tokens.eat_all(&["not", "deferrable"])
        || tokens.eat_char(",")
        || tokens.eat_char(";")
    {}
    tokens.next().is_some()
}

fn chains(mut tokens: Tokens<'_>) -> bool {
    let _ = tokens.eat("work") || tokens.eat("transaction");
    tokens.eat_all(&["and", "chain"])
}

const CONCURRENTLY: &str = "CONCURRENTLY waits for other transactions and commits in between";
const WHOLE_DATABASE: &str = "it copies or removes files at once, which no ROLLBACK takes back";

fn reindex(mut tokens: Tokens<'_>) -> Transaction {
    if tokens.eat_char("(") {
        let options = tokens;
        tokens.skip_parentheses();
        if options
            .take_while(|token| !token.is_char(")"))
            .any(|token| token.is("concurrently"))
        {
            return Transaction::Outside(CONCURRENTLY);
        }
    }
    let many = ["database", "system", "schema"]
        .iter()
        .any(|kind| tokens.eat(kind));
    if many {
        return Transaction::Outside("it commits after each index");
    }
    tokens.next();
    if tokens.eat("concurrently") {
        return Transaction::Outside(CONCURRENTLY);
    }
    Transaction::Inside
}

fn create(mut tokens: Tokens<'_>) -> Transaction {
    skip_modifiers(&mut tokens);
    match object_kind(&mut tokens).as_deref() {
        Some("DATABASE" | "TABLESPACE") => Transaction::Outside(WHOLE_DATABASE),
        Some("INDEX") if tokens.eat("concurrently") => Transaction::Outside(CONCURRENTLY),
        Some("SUBSCRIPTION") if !leaves_publisher_alone(tokens) => {
            Transaction::Outside("it makes a replication slot on the publisher")
        }
        _ => Transaction::Inside,
    }
}

/// `CREATE SUBSCRIPTION .. WITH (connect = false)` or `(create_slot = false)`.
fn leaves_publisher_alone(mut tokens: Tokens<'_>) -> bool {
    while let Some(token) = tokens.next() {
        if token.is("connect") || token.is("create_slot") {
            tokens.eat_char("=");
            let value = tokens.next();
            let off = |value: &str| {
                matches!(
                    value.trim_matches('\'').to_ascii_lowercase().as_str(),
                    "false" | "off" | "0" | "no"
                )
            };
            if value.is_some_and(|value| off(value.text)) {
                return true;
            }
        }
    }
    false
}

fn drop(mut tokens: Tokens<'_>) -> Transaction {
    match object_kind(&mut tokens).as_deref() {
        Some("DATABASE" | "TABLESPACE") => Transaction::Outside(WHOLE_DATABASE),
        Some("INDEX") if tokens.eat("concurrently") => Transaction::Outside(CONCURRENTLY),
        Some("SUBSCRIPTION") => {
            Transaction::Outside("it drops the replication slot on the publisher, if it has one")
        }
        _ => Transaction::Inside,
    }
}

fn alter(mut tokens: Tokens<'_>) -> Transaction {
    match object_kind(&mut tokens).as_deref() {
        Some("SYSTEM") => Transaction::Outside("it writes the server's configuration file"),
        Some("DATABASE") => {
            tokens.next();
            if tokens.eat_all(&["set", "tablespace"]) {
                return Transaction::Outside(WHOLE_DATABASE);
            }
            Transaction::Inside
        }
        Some("TABLE") => {
            let mut words = tokens.skip_while(|token| !token.is("detach"));
            let detaches =
                words.next().is_some() && words.next().is_some_and(|word| word.is("partition"));
            if detaches && words.any(|word| word.is("concurrently") || word.is("finalize")) {
                return Transaction::Outside(CONCURRENTLY);
            }
            Transaction::Inside
        }
        Some("SUBSCRIPTION") => subscription(tokens),
        _ => Transaction::Inside,
    }
}

fn subscription(mut tokens: Tokens<'_>) -> Transaction {
    tokens.next();
    let refreshes = tokens.eat("refresh")
        || ["set", "add", "drop"].iter().any(|verb| {
            tokens.eat_all(&[verb, "publication"]) && {
                let mut rest = tokens.skip_while(|token| !token.is("refresh"));
                rest.next().is_none() || !rest.take(2).any(|token| token.is("false"))
            }
        });
    if refreshes {
        return Transaction::Outside("it asks the publisher for its tables");
    }
    Transaction::Inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_named() {
        let named = |sql: &str| classify(sql).command;
        assert_eq!(
            named("create or replace temp view v as select 1"),
            "CREATE VIEW"
        );
        assert_eq!(named("CREATE UNIQUE INDEX i ON t (a)"), "CREATE INDEX");
        assert_eq!(
            named("drop materialized view if exists m"),
            "DROP MATERIALIZED VIEW"
        );
        assert_eq!(
            named("ALTER FOREIGN DATA WRAPPER w"),
            "ALTER FOREIGN DATA WRAPPER"
        );
        assert_eq!(
            named("CREATE TEXT SEARCH CONFIGURATION c"),
            "CREATE TEXT SEARCH CONFIGURATION"
        );
        assert_eq!(
            named("ALTER DEFAULT PRIVILEGES GRANT"),
            "ALTER DEFAULT PRIVILEGES"
        );
        assert_eq!(named("CREATE DEFAULT CONVERSION c"), "CREATE CONVERSION");
        assert_eq!(named("/* x */ Select 1"), "SELECT");
        assert_eq!(named("insert into t"), "INSERT INTO");
        assert_eq!(
            named("refresh materialized view m"),
            "REFRESH MATERIALIZED VIEW"
        );
    }

    #[test]
    fn some_statements_run_outside_only() {
        for outside in [
            "VACUUM t",
            "CREATE DATABASE d",
            "DROP DATABASE IF EXISTS d",
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "DROP INDEX CONCURRENTLY i",
            "REINDEX DATABASE d",
            "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
            "REINDEX INDEX CONCURRENTLY i",
            "ALTER SYSTEM SET work_mem = 1",
            "ALTER DATABASE d SET TABLESPACE s",
            "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
            "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
            "ALTER SUBSCRIPTION s SET PUBLICATION p",
            "DROP SUBSCRIPTION s",
            "CLUSTER;",
            "COMMIT PREPARED 'x'",
            "DISCARD ALL",
        ] {
            let found = classify(outside).transaction;
            assert!(
                matches!(found, Transaction::Outside(_)),
                "{outside}: {found:?}"
            );
        }
    }

    #[test]
    fn most_statements_run_inside() {
        for inside in [
            "CREATE INDEX i ON t (a)",
            "CREATE INDEX concurrently_built ON t (a)",
            "CREATE TABLE vacuum (a int)",
            "REINDEX TABLE t",
            "REINDEX (VERBOSE) INDEX i",
            "ALTER DATABASE d SET work_mem = '1'",
            "ALTER TABLE p DETACH PARTITION c",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
            "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
            "ALTER SUBSCRIPTION s DISABLE",
            "CLUSTER t USING i",
            "SAVEPOINT s",
            "ROLLBACK TO SAVEPOINT s",
            "RELEASE s",
            "SET LOCAL lock_timeout = 1",
            "PREPARE p AS SELECT 1",
            "",
        ] {
            assert_eq!(
                classify(inside).transaction,
                Transaction::Inside,
                "{inside}"
            );
        }
    }

    #[test]
    fn transaction_control_is_recognised() {
        let control = |sql: &str| match classify(sql).transaction {
            Transaction::Control(control) => Some(control),
            _ => None,
        };
        assert_eq!(control("BEGIN;"), Some(Control::Begin { modes: false }));
        assert_eq!(
            control("begin work isolation level read committed, read write;"),
            Some(Control::Begin { modes: false })
        );
        assert_eq!(
            control("START TRANSACTION READ ONLY"),
            Some(Control::Begin { modes: true })
        );
        assert_eq!(control("COMMIT;"), Some(Control::Commit { chain: false }));
        assert_eq!(
            control("END WORK AND CHAIN"),
            Some(Control::Commit { chain: true })
        );
        assert_eq!(
            control("COMMIT AND NO CHAIN"),
            Some(Control::Commit { chain: false })
        );
        assert_eq!(control("ABORT"), Some(Control::Rollback));
        assert_eq!(control("PREPARE TRANSACTION 'x'"), Some(Control::Prepare));
        assert_eq!(control("SET TRANSACTION READ ONLY"), Some(Control::Set));
    }
}
