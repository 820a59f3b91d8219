//! Which relations a statement locks so that others cannot write to them, and how strongly.
//!
//! After the manual's chapter "Explicit Locking" and the pages of the commands. Weaker locks, which every
//! statement takes, are left out; so is what only the server knows (the other end of a foreign key that is
//! dropped, the tables below a partitioned one). Pure.

use super::classify::{object_kind, skip_modifiers};
use super::destroy::{actions, qualified, relations};
use super::tokens::Tokens;

/// A table-level lock that other sessions notice, in rising strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Keeps schema changes and VACUUM out; reading and writing go on.
    ShareUpdateExclusive,
    /// Keeps writers out.
    Share,
    /// Keeps writers and its like out.
    ShareRowExclusive,
    /// Leaves plain reading only.
    Exclusive,
    /// Keeps everybody out.
    AccessExclusive,
}

impl LockMode {
    /// As `pg_locks.mode` and the manual name it.
    pub fn name(self) -> &'static str {
        match self {
            LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            LockMode::Share => "SHARE",
            LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            LockMode::Exclusive => "EXCLUSIVE",
            LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// A lock on one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// How strong.
    pub mode: LockMode,
    /// On what, as the text names it.
    pub relation: String,
}

pub(super) fn locks(mut tokens: Tokens<'_>) -> Vec<Lock> {
    let Some(first) = tokens.next() else {
        return Vec::new();
    };
    match first.text.to_ascii_lowercase().as_str() {
        "drop" => drop(tokens),
        "truncate" => {
            tokens.eat("table");
            all(LockMode::AccessExclusive, relations(&mut tokens))
        }
        "alter" => alter(tokens),
        "create" => create(tokens),
        "lock" => explicit(tokens),
        "refresh" => refresh(tokens),
        "cluster" => {
            tokens.eat("verbose");
            one(LockMode::AccessExclusive, qualified(&mut tokens))
        }
        "reindex" => reindex(tokens),
        "vacuum" | "analyze" | "analyse" => maintenance(first.is("vacuum"), tokens),
        _ => Vec::new(),
    }
}

fn one(mode: LockMode, relation: Option<String>) -> Vec<Lock> {
    relation
        .map(|relation| Lock { mode, relation })
        .into_iter()
        .collect()
}

fn all(mode: LockMode, relations: Vec<String>) -> Vec<Lock> {
    relations
        .into_iter()
        .map(|relation| Lock { mode, relation })
        .collect()
}

fn drop(mut tokens: Tokens<'_>) -> Vec<Lock> {
    let kind = object_kind(&mut tokens).unwrap_or_default();
    let mode = if tokens.eat("concurrently") {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::AccessExclusive
    };
    tokens.eat_all(&["if", "exists"]);
    match kind.as_str() {
        "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "FOREIGN TABLE" | "INDEX" | "SEQUENCE" => {
            all(mode, relations(&mut tokens))
        }
        "TRIGGER" | "POLICY" | "RULE" => on_table(mode, tokens),
        _ => Vec::new(),
    }
}

/// The table behind `ON`.
fn on_table(mode: LockMode, mut tokens: Tokens<'_>) -> Vec<Lock> {
    let found = tokens.by_ref().any(|token| token.is("on"));
    tokens.eat("only");
    one(mode, found.then(|| qualified(&mut tokens)).flatten())
}

fn create(mut tokens: Tokens<'_>) -> Vec<Lock> {
    skip_modifiers(&mut tokens);
    match object_kind(&mut tokens).as_deref() {
        Some("INDEX") if tokens.eat("concurrently") => {
            on_table(LockMode::ShareUpdateExclusive, tokens)
        }
        Some("INDEX") => on_table(LockMode::Share, tokens),
        Some("TRIGGER") => on_table(LockMode::ShareRowExclusive, tokens),
        Some("POLICY") => on_table(LockMode::AccessExclusive, tokens),
        Some("RULE") => {
            let _ = tokens.by_ref().any(|token| token.is("to"));
            one(LockMode::AccessExclusive, qualified(&mut tokens))
        }
        Some("TABLE") => {
            // A foreign key keeps writers out of the table it points to; a new partition, out of its parent.
            tokens.eat_all(&["if", "not", "exists"]);
            let _ = qualified(&mut tokens);
            if tokens.eat_all(&["partition", "of"]) {
                return one(LockMode::AccessExclusive, qualified(&mut tokens));
            }
            referenced(tokens)
        }
        _ => Vec::new(),
    }
}

/// The tables behind REFERENCES.
fn referenced(mut tokens: Tokens<'_>) -> Vec<Lock> {
    let mut found = Vec::new();
    while let Some(token) = tokens.next() {
        if token.is("references") {
            found.extend(qualified(&mut tokens));
        }
    }
    all(LockMode::ShareRowExclusive, found)
}

fn alter(mut tokens: Tokens<'_>) -> Vec<Lock> {
    let kind = object_kind(&mut tokens).unwrap_or_default();
    let relation = matches!(
        kind.as_str(),
        "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "FOREIGN TABLE" | "INDEX" | "SEQUENCE"
    );
    if matches!(kind.as_str(), "TRIGGER" | "POLICY" | "RULE") {
        return on_table(LockMode::AccessExclusive, tokens);
    }
    if !relation || tokens.eat("all") {
        return Vec::new();
    }
    tokens.eat_all(&["if", "exists"]);
    tokens.eat("only");
    let Some(name) = qualified(&mut tokens) else {
        return Vec::new();
    };
    tokens.eat_char("*");
    let mode = match kind.as_str() {
        "INDEX" => LockMode::ShareUpdateExclusive,
        "SEQUENCE" => LockMode::ShareRowExclusive,
        _ => actions(tokens)
            .into_iter()
            .map(action)
            .max()
            .unwrap_or(LockMode::AccessExclusive),
    };
    let mut locks = one(mode, Some(name));
    locks.extend(referenced(tokens));
    locks
}

/// The lock of one action of ALTER TABLE (manual, "ALTER TABLE"): ACCESS EXCLUSIVE unless noted there.
fn action(mut tokens: Tokens<'_>) -> LockMode {
    if tokens.eat("validate") || tokens.eat_all(&["attach", "partition"]) || tokens.eat("cluster") {
        return LockMode::ShareUpdateExclusive;
    }
    if tokens.eat_all(&["detach", "partition"]) {
        let concurrently = tokens.any(|token| token.is("concurrently") || token.is("finalize"));
        return if concurrently {
            LockMode::ShareUpdateExclusive
        } else {
            LockMode::AccessExclusive
        };
    }
    if tokens.eat("add") {
        if tokens.eat("constraint") {
            tokens.next();
        }
        return if tokens.eat_all(&["foreign", "key"]) {
            LockMode::ShareRowExclusive
        } else {
            LockMode::AccessExclusive
        };
    }
    if tokens.eat("enable") || tokens.eat("disable") {
        let _ = tokens.eat("replica") || tokens.eat("always");
        return if tokens.eat("trigger") {
            LockMode::ShareRowExclusive
        } else {
            LockMode::AccessExclusive
        };
    }
    if tokens.eat("alter") {
        tokens.eat("column");
        tokens.next();
        let statistics = tokens.eat_all(&["set", "statistics"]);
        let mut options = tokens;
        let options = (options.eat("set") || options.eat("reset")) && options.eat_char("(");
        return if statistics || options {
            LockMode::ShareUpdateExclusive
        } else {
            LockMode::AccessExclusive
        };
    }
    let mut options = tokens;
    let storage = (options.eat("set") || options.eat("reset")) && options.eat_char("(");
    if storage || tokens.eat_all(&["set", "without", "cluster"]) {
        return LockMode::ShareUpdateExclusive;
    }
    LockMode::AccessExclusive
}

fn explicit(mut tokens: Tokens<'_>) -> Vec<Lock> {
    tokens.eat("table");
    let names = relations(&mut tokens);
    if !tokens.eat("in") {
        return all(LockMode::AccessExclusive, names);
    }
    let modes: [(&[&str], Option<LockMode>); 6] = [
        (
            &["share", "update", "exclusive"],
            Some(LockMode::ShareUpdateExclusive),
        ),
        (
            &["share", "row", "exclusive"],
            Some(LockMode::ShareRowExclusive),
        ),
        (&["share", "mode"], Some(LockMode::Share)),
        (&["exclusive"], Some(LockMode::Exclusive)),
        (&["access", "exclusive"], Some(LockMode::AccessExclusive)),
        (&[], None),
    ];
    let found = modes.into_iter().find(|(words, _)| tokens.eat_all(words));
    match found.and_then(|(_, mode)| mode) {
        Some(mode) => all(mode, names),
        None => Vec::new(),
    }
}

fn refresh(mut tokens: Tokens<'_>) -> Vec<Lock> {
    tokens.eat_all(&["materialized", "view"]);
    let mode = if tokens.eat("concurrently") {
        LockMode::Exclusive
    } else {
        LockMode::AccessExclusive
    };
    one(mode, qualified(&mut tokens))
}

fn reindex(mut tokens: Tokens<'_>) -> Vec<Lock> {
    if tokens.eat_char("(") {
        tokens.skip_parentheses();
    }
    let mode = if tokens.eat("table") {
        LockMode::Share
    } else if tokens.eat("index") {
        LockMode::AccessExclusive
    } else {
        return Vec::new();
    };
    let concurrently = tokens.eat("concurrently");
    one(
        if concurrently {
            LockMode::ShareUpdateExclusive
        } else {
            mode
        },
        qualified(&mut tokens),
    )
}

fn maintenance(vacuum: bool, mut tokens: Tokens<'_>) -> Vec<Lock> {
    let mut full = false;
    if tokens.eat_char("(") {
        full = tokens
            .take_while(|token| !token.is_char(")"))
            .any(|token| token.is("full"));
        tokens.skip_parentheses();
    }
    loop {
        if tokens.eat("full") {
            full = true;
        } else if !["freeze", "verbose", "analyze"]
            .iter()
            .any(|word| tokens.eat(word))
        {
            break;
        }
    }
    let mode = if vacuum && full {
        LockMode::AccessExclusive
    } else {
        LockMode::ShareUpdateExclusive
    };
    one(mode, qualified(&mut tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sql: &str) -> Vec<String> {
        let found = locks(Tokens::new(sql)).into_iter();
        found
            .map(|lock| format!("{} {}", lock.mode.name(), lock.relation))
            .collect()
    }

    #[test]
    fn tables_are_locked_as_the_manual_says() {
        for (sql, expected) in [
            (
                "DROP TABLE a, b",
                &["ACCESS EXCLUSIVE a", "ACCESS EXCLUSIVE b"][..],
            ),
            ("DROP TRIGGER x ON s.t", &["ACCESS EXCLUSIVE s.t"]),
            ("DROP FUNCTION f()", &[]),
            ("CREATE INDEX i ON ONLY s.t (a)", &["SHARE s.t"]),
            (
                "CREATE INDEX CONCURRENTLY ON t (a)",
                &["SHARE UPDATE EXCLUSIVE t"],
            ),
            (
                "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()",
                &["SHARE ROW EXCLUSIVE t"],
            ),
            (
                "CREATE TABLE t (a int REFERENCES s.u)",
                &["SHARE ROW EXCLUSIVE s.u"],
            ),
            (
                "CREATE TABLE c PARTITION OF p DEFAULT",
                &["ACCESS EXCLUSIVE p"],
            ),
            (
                "CREATE RULE r AS ON INSERT TO t DO NOTHING",
                &["ACCESS EXCLUSIVE t"],
            ),
            ("ALTER TABLE t ADD COLUMN a int", &["ACCESS EXCLUSIVE t"]),
            (
                "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (b) NOT VALID",
                &["SHARE ROW EXCLUSIVE t", "SHARE ROW EXCLUSIVE u"],
            ),
            (
                "ALTER TABLE t VALIDATE CONSTRAINT k",
                &["SHARE UPDATE EXCLUSIVE t"],
            ),
            (
                "ALTER TABLE t ALTER a SET STATISTICS 1, SET (fillfactor = 9)",
                &["SHARE UPDATE EXCLUSIVE t"],
            ),
            (
                "ALTER TABLE t VALIDATE CONSTRAINT k, ALTER a TYPE text",
                &["ACCESS EXCLUSIVE t"],
            ),
            (
                "ALTER TABLE t DISABLE TRIGGER ALL",
                &["SHARE ROW EXCLUSIVE t"],
            ),
            ("TRUNCATE t", &["ACCESS EXCLUSIVE t"]),
            ("LOCK TABLE t IN SHARE MODE", &["SHARE t"]),
            ("LOCK t", &["ACCESS EXCLUSIVE t"]),
            ("LOCK t IN ROW SHARE MODE", &[]),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", &["EXCLUSIVE m"]),
            ("REINDEX TABLE t", &["SHARE t"]),
            ("VACUUM FULL t", &["ACCESS EXCLUSIVE t"]),
            ("ANALYZE t", &["SHARE UPDATE EXCLUSIVE t"]),
            ("SELECT 1", &[]),
        ] {
            assert_eq!(list(sql), expected, "{sql}");
        }
    }
}
