//! `snapback diff` and `snapback show` on a real server.

use tempfile::TempDir;

use crate::support::cli::{Ran, Snapback, filters};
use crate::support::corpus::cases;
use crate::support::postgres::Database;

struct Shop {
    database: Database<'static>,
    folder: TempDir,
}

impl Shop {
    /// A shop with a snapshot `good`, and what a bad migration made of it.
    fn broken() -> Self {
        let shop = Self {
            database: Database::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        shop.database.psql(
            "CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL);
             COMMENT ON TABLE customer IS 'who buys';
             CREATE VIEW names AS SELECT count(*) AS n FROM customer;",
        );
        shop.run(&["snapshot", "good"]).exits(0);
        shop.database.psql(
            "DROP VIEW names;
             ALTER TABLE customer ADD COLUMN email text;
             ALTER TABLE customer ALTER COLUMN name DROP NOT NULL;
             COMMENT ON TABLE customer IS NULL;",
        );
        shop
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Snapback::new()
            .folder(self.folder.path())
            .env("DATABASE_URL", self.database.url())
            .args(arguments)
            .run()
    }
}

/// What differs from run to run.
fn settled() -> Vec<(&'static str, &'static str)> {
    let mut filters: Vec<_> = filters();
    filters.push((r"[0-9a-f]{12} of t\d+, [0-9-]+ [0-9:]+ UTC", "[snapshot]"));
    filters.push((r"t\d+ \(PostgreSQL [0-9.]+\)", "[database]"));
    filters
}

#[test]
fn a_difference_is_told_by_object_and_as_sql() {
    let shop = Shop::broken();
    let ran = shop.run(&["diff", "good"]).exits(0);
    insta::with_settings!({ filters => settled() }, { insta::assert_snapshot!("diff", ran) });
    shop.run(&["diff", "good", "--exit-code"]).exits(1);
    shop.run(&["diff", "good", "good", "--exit-code"]).exits(0);
    let json = shop
        .run(&["--format", "json", "diff", "db", "good"])
        .exits(0)
        .json();
    assert_eq!(json["equal"], false);
    assert_eq!(json["changes"][0]["id"], "table public.customer");
    assert_eq!(json["changes"][0]["comment"], true);
    assert_eq!(json["counts"]["view"]["added"], 1);
}

#[test]
fn what_does_not_count_is_left_out() {
    let shop = Shop::broken();
    shop.database.psql(
        "ALTER TABLE customer DROP COLUMN email, ALTER COLUMN name SET NOT NULL;
         CREATE VIEW names AS SELECT count(*) AS n FROM customer;",
    );
    shop.run(&["diff", "good", "--exit-code"]).exits(1);
    shop.run(&["diff", "good", "--exit-code", "--no-comments"])
        .exits(0);
}

#[test]
fn objects_are_shown_as_sql() {
    let shop = Shop::broken();
    let ran = shop
        .run(&["show", "good", "public.names", "table public.customer"])
        .exits(0);
    insta::with_settings!({ filters => settled() }, { insta::assert_snapshot!("show", ran) });
    let all = shop.run(&["show", "good"]).exits(0);
    assert!(all.stdout.contains("-- schema public\n") && all.stdout.contains(&ran.stdout[..40]));
    let live = shop.run(&["show", "db"]).exits(0);
    assert!(!live.stdout.contains("VIEW"), "{live}");
}

#[test]
fn what_cannot_be_found_is_exit_code_2() {
    let shop = Shop::broken();
    let ran = shop.run(&["show", "good", "table public.custmer"]).exits(2);
    assert!(
        ran.stderr
            .contains("did you mean \"table public.customer\"?"),
        "{ran}"
    );
    shop.run(&["diff", "god"]).exits(2);
    shop.run(&["diff", "db"]).exits(2);
    let ran = shop.run(&["diff", "schema.sql"]).exits(2);
    assert!(ran.stderr.contains("is a file"), "{ran}");
}

/// Of two stored snapshots only what differs is read; of a stored one and the database, everything.
#[test]
fn what_is_read_in_part_differs_as_what_is_read_whole() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let (a, b) = (Database::new(), Database::new());
            let folder = tempfile::tempdir().unwrap();
            let run = |database: &Database<'_>, arguments: &[&str]| {
                Snapback::new()
                    .folder(folder.path())
                    .env("DATABASE_URL", database.url())
                    .args(arguments)
                    .run()
            };
            for (database, side, label) in [(&a, "a.sql", "one"), (&b, "b.sql", "two")] {
                database.psql(&case.sql(side));
                run(database, &["snapshot", label]).exits(0);
            }
            let differences = |new: &str| {
                let ran = run(&b, &["diff", "one", new, "--format", "json"]).exits(0);
                let mut json = ran.json();
                for side in ["old", "new"] {
                    json.as_object_mut().unwrap().remove(side);
                }
                // The heading of the SQL names the sides.
                json.to_string()
                    .replace(&format!(" at {new}\\n"), " at new\\n")
            };
            let (part, whole) = (differences("two"), differences("db"));
            (part != whole).then(|| format!("{}:\n{part}\n{whole}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
