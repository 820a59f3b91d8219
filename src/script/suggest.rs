//! "Did you mean": the nearest keyword to a word at a syntax error.
//!
//! A suggestion is a guess for people; nothing is decided by it. Pure.

use super::tokens::{Token, TokenKind, Tokens};
use super::variables::{Colon, read_colon};

/// The words that begin a statement.
const COMMANDS: &str = "\
    ABORT ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE \
    DECLARE DELETE DISCARD DO DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE \
    MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SELECT \
    SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES WITH";

/// Words inside statements that people type, and mistype. Those that more often stand there come first.
const WORDS: &str = "\
    FROM WHERE INTO VALUES TABLE INDEX VIEW FUNCTION NOT NULL PRIMARY KEY REFERENCES FOREIGN CONSTRAINT \
    DEFAULT UNIQUE CHECK COLUMN EXISTS CASCADE SELECT INSERT UPDATE DELETE CREATE ALTER DROP ADD SET \
    GROUP ORDER BY HAVING LIMIT OFFSET JOIN LEFT RIGHT INNER OUTER FULL CROSS USING AND OR AS ON IN IS \
    LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT UNION INTERSECT EXCEPT RETURNING RETURNS \
    LANGUAGE SCHEMA SEQUENCE TRIGGER PROCEDURE EXECUTE BEFORE AFTER INSTEAD EACH ROW STATEMENT TYPE ENUM \
    DOMAIN EXTENSION MATERIALIZED TEMPORARY UNLOGGED REPLACE RENAME OWNER GRANT REVOKE PRIVILEGES POLICY \
    ENABLE DISABLE LEVEL SECURITY COMMENT PARTITION RANGE LIST HASH ATTACH DETACH INHERITS GENERATED \
    ALWAYS IDENTITY STORED COLLATE CONCURRENTLY RESTRICT DEFERRABLE INITIALLY DEFERRED IMMEDIATE \
    VALIDATE VALID CONFLICT NOTHING RECURSIVE LATERAL FILTER OVER WINDOW PARTITIONED TABLESPACE STORAGE \
    STATISTICS PUBLICATION SUBSCRIPTION AGGREGATE OPERATOR COLLATION CAST RULE ROLE USER DATABASE SERVER \
    OPTIONS WRAPPER IMMUTABLE STABLE VOLATILE STRICT DEFINER INVOKER PARALLEL SAFE ATOMIC BEGIN STDIN \
    STDOUT CURRENT_USER CURRENT_TIMESTAMP TRUE FALSE ARRAY ASC DESC FIRST LAST NULLS FOR TRUNCATE ONLY \
    EXCLUDE INCLUDE TO OF ALL ANY IF WITH COPY MATCHED MERGE";

/// Names of types, which are no misspelt keywords.
const TYPES: &str = "\
    INT INTEGER BIGINT SMALLINT TEXT CHAR VARCHAR BOOLEAN BOOL NUMERIC DECIMAL REAL FLOAT DOUBLE DATE TIME \
    TIMESTAMP TIMESTAMPTZ INTERVAL JSON JSONB UUID BYTEA SERIAL BIGSERIAL INET MONEY NAME OID POINT XML";

/// What somebody may have meant whose statement has a syntax error at byte `at`.
pub(super) fn suggestion(statement: &str, at: usize) -> Option<String> {
    let mut before: Option<Token<'_>> = None;
    let mut tokens = Tokens::new(statement);
    let token = loop {
        match tokens.next() {
            Some(token) if token.at + token.text.len() <= at => before = Some(token),
            other => break other,
        }
    };
    if let Some(variable) = token.and_then(|token| unset_variable(statement, token.at)) {
        return Some(format!(
            "the psql variable {variable} is not set; `\\set {variable} VALUE` sets it"
        ));
    }
    if before.is_none() {
        return token.and_then(|token| nearest(token, COMMANDS));
    }
    let found = token.and_then(|token| nearest(token, WORDS));
    // `FROM t WEHRE a`: the wrong word passed as an alias, and the error is one token late.
    found.or_else(|| before.and_then(|token| nearest(token, WORDS)))
}

fn unset_variable(statement: &str, at: usize) -> Option<&str> {
    let rest = statement.get(at..)?;
    if !rest.starts_with(':') {
        return None;
    }
    match read_colon(rest.as_bytes(), true) {
        Colon::Reference(reference) => rest.get(reference.name),
        Colon::Token(_) | Colon::More => None,
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split_ascii_whitespace()
}

fn nearest(token: Token<'_>, candidates: &str) -> Option<String> {
    let word = token.text.to_uppercase();
    let mut known = words(COMMANDS).chain(words(WORDS)).chain(words(TYPES));
    let known = known.any(|keyword| keyword == word);
    if token.kind != TokenKind::Word || known || word.len() < 3 || word.len() > 20 {
        return None;
    }
    let allowed = if word.len() < 6 { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    for candidate in words(candidates) {
        let distance = strsim::damerau_levenshtein(&word, candidate);
        let closer = best.is_none_or(|(least, _)| distance < least);
        if distance <= allowed && closer && candidate.len() > 2 {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| format!("{}: did you mean {candidate}?", token.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(statement: &str, word: &str) -> Option<String> {
        suggestion(statement, statement.find(word).unwrap_or(statement.len()))
    }

    #[test]
    fn the_nearest_keyword_is_suggested() {
        assert_eq!(
            hint("CREAT TABLE t ()", "CREAT").as_deref(),
            Some("CREAT: did you mean CREATE?")
        );
        assert_eq!(
            hint("SELECT * FRM t", "FRM").as_deref(),
            Some("FRM: did you mean FROM?")
        );
        assert_eq!(
            suggestion("SELECT 1 FROM t wehre a", 22).as_deref(),
            Some("wehre: did you mean WHERE?")
        );
        assert_eq!(
            hint("CREATE TABLE t (a int NOT NUL)", "NUL)").as_deref(),
            Some("NUL: did you mean NULL?")
        );
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let hint = suggestion("SELECT :who", 7);
        assert_eq!(
            hint.as_deref(),
            Some("the psql variable who is not set; `\\set who VALUE` sets it")
        );
    }

    #[test]
    fn nothing_is_suggested_for_keywords_names_and_the_end() {
        assert_eq!(suggestion("SELECT FROM", 7), None);
        assert_eq!(suggestion("SELECT 1 customers x", 9), None);
        assert_eq!(suggestion("DROP TABLE", 10), None);
        assert_eq!(
            suggestion("CREATE TABLE t (a int AUTO_INCREMENT)", 22),
            None
        );
        assert_eq!(suggestion("", 0), None);
    }
}
