//! Roles that a server does not have: refused, mapped to others, or made.

use super::{Bench, on};
use crate::support::cli::Ran;
use crate::support::postgres::Database;

/// A schema that names three roles wherever one can be named, taken as `x`; and then the roles are gone.
struct Gone {
    bench: Bench,
    dump: String,
    roles: [String; 3],
}

impl Gone {
    fn new() -> Self {
        let bench = Bench::new("");
        let name = bench.database.name();
        let roles = ["owner", "Reader of", "writer"].map(|role| format!("{role} {name}"));
        let [owner, reader, writer] = roles.clone().map(|role| format!("\"{role}\""));
        bench.database.psql(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {reader}; CREATE ROLE {writer};
             CREATE SCHEMA app AUTHORIZATION {owner};
             CREATE TABLE app.t (a int, b int); ALTER TABLE app.t OWNER TO {owner};
             GRANT SELECT ON app.t TO {reader} WITH GRANT OPTION; GRANT UPDATE (b) ON app.t TO {writer};
             GRANT USAGE ON SCHEMA app TO {reader};
             SET ROLE {reader}; GRANT SELECT ON app.t TO {writer}; RESET ROLE;
             CREATE POLICY p ON app.t TO {reader}, {writer} USING (true);
             CREATE VIEW app.v AS SELECT a FROM app.t; GRANT SELECT (a) ON app.v TO {reader};
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA app GRANT SELECT ON TABLES TO {reader};
             GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO {reader};
             CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR {writer} SERVER s"
        ));
        bench.snapback(&["snapshot", "x"]).exits(0);
        let dump = bench.dump();
        // One at a time: all at once makes the server look for a default ACL twice.
        for role in [owner, reader, writer] {
            let sql = format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
            bench.database.psql(&sql);
        }
        Self { bench, dump, roles }
    }

    fn restore(&self, copy: &Database<'_>, flags: &[&str]) -> Ran {
        let arguments = [&["restore", "x"], flags].concat();
        on(copy, self.bench.folder.path()).args(arguments).run()
    }
}

/// How many of these roles there are, and how many of them can log in.
fn there_are(roles: &[String]) -> String {
    let list: Vec<String> = roles.iter().map(|role| format!("'{role}'")).collect();
    let list = list.join(", ");
    Database::new().psql(&format!(
        "SELECT count(*), count(*) FILTER (WHERE rolcanlogin) FROM pg_roles WHERE rolname IN ({list})"
    ))
}

/// The lines of a dump, in order: grants stand in the order of names.
fn sorted(dump: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = dump.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn missing_roles_are_mapped_to_others() {
    let gone = Gone::new();
    let copy = Database::new();
    let refused = gone.restore(&copy, &[]).exits(3);
    for words in [&gone.roles[0], "--map-role", "--create-roles", "--no-owner"] {
        assert!(refused.stderr.contains(words), "{words}: {refused}");
    }
    let mut dump = gone.dump.clone();
    let mut flags = Vec::new();
    let [new_a, new_b, new_c] = ["a", "B", "c"].map(|role| format!("{role}_{}", copy.name()));
    let news = [new_a, new_b, new_c];
    for (old, new) in gone.roles.iter().zip(&news) {
        copy.psql(&format!("CREATE ROLE \"{new}\""));
        flags.extend(["--map-role".to_owned(), format!("{old}={new}")]);
        let quoted = if new.starts_with('B') {
            format!("\"{new}\"")
        } else {
            new.clone()
        };
        dump = dump
            .replace(&format!("\"{old}\""), &quoted)
            .replace(old, new);
    }
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(["--format", "json"]);
    let done = gone.restore(&copy, &flags).exits(0).json();
    assert_eq!(done["proof"], "root (roles mapped)");
    assert_eq!(sorted(&copy.pg_dump(&["-s"])), sorted(&dump));
    assert_eq!(there_are(&gone.roles), "0|0");
}

#[test]
fn several_roles_become_one() {
    let gone = Gone::new();
    for (role, one) in [
        ("postgres".to_owned(), true),
        (format!("one {}", gone.roles[0]), false),
    ] {
        let copy = Database::new();
        if !one {
            copy.psql(&format!("CREATE ROLE \"{role}\""));
        }
        let owner = format!("{}=postgres", gone.roles[0]);
        let [reader, writer] = [1, 2].map(|number| format!("{}={role}", gone.roles[number]));
        let flags = [
            "--map-role",
            &owner,
            "--map-role",
            &reader,
            "--map-role",
            &writer,
        ];
        gone.restore(&copy, &flags).exits(0);
        let facts = "SELECT relowner::regrole, relacl IS NULL, (SELECT string_agg(role::regrole::text, ',') FROM pg_policy, unnest(polroles) role), \
             (SELECT usename FROM pg_user_mappings) FROM pg_class WHERE relname = 't'";
        let quoted = if one {
            role.clone()
        } else {
            format!("\"{role}\"")
        };
        let null = if one { "t" } else { "f" };
        assert_eq!(copy.psql(facts), format!("postgres|{null}|{quoted}|{role}"));
    }
}

#[test]
fn a_mapping_that_makes_no_sense_is_refused() {
    let gone = Gone::new();
    let copy = Database::new();
    let unknown = gone
        .restore(&copy, &["--map-role", "nobody=postgres"])
        .exits(2);
    assert!(unknown.stderr.contains("names no role nobody"), "{unknown}");
    gone.restore(&copy, &["--map-role", "nobody"]).exits(2);
    let both = [0, 1].map(|number| format!("{}=x{number}", gone.roles[0]));
    let flags = ["--map-role", &both[0], "--map-role", &both[1]];
    let both = gone.restore(&copy, &flags).exits(2);
    assert!(both.stderr.contains("is to be both x0 and x1"), "{both}");
}

#[test]
fn missing_roles_are_made() {
    let gone = Gone::new();
    let copy = Database::new();
    let dry = gone
        .restore(&copy, &["--create-roles", "--dry-run"])
        .exits(0);
    assert!(dry.stdout.contains("proven"), "{dry}");
    assert_eq!(there_are(&gone.roles), "0|0");
    let done = gone.restore(&copy, &["--create-roles"]).exits(0);
    assert!(
        done.stderr.contains("without the right to log in"),
        "{done}"
    );
    assert_eq!(there_are(&gone.roles), "3|0");
    assert_eq!(sorted(&copy.pg_dump(&["-s"])), sorted(&gone.dump));
    // What is there now needs no making.
    let other = Database::new();
    let again = gone
        .restore(&other, &["--create-roles", "--batch", "5"])
        .exits(0);
    assert!(
        !again.stderr.contains("without the right to log in"),
        "{again}"
    );
}

#[test]
fn who_is_no_superuser_makes_roles_and_gives_to_them() {
    let bench = Bench::new("");
    let owner = format!("owner_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {owner}; CREATE SCHEMA app AUTHORIZATION {owner}; CREATE TABLE app.t (a int); ALTER TABLE app.t OWNER TO {owner}"
    ));
    bench.snapback(&["snapshot", "x", "-n", "app"]).exits(0);
    bench
        .database
        .psql(&format!("DROP OWNED BY {owner}; DROP ROLE {owner}"));
    let copy = Database::new();
    let guest = format!("guest_{}", copy.name());
    copy.psql(&format!(
        "CREATE ROLE {guest} LOGIN; GRANT CREATE ON DATABASE {} TO {guest}",
        copy.name()
    ));
    let url = format!("{}&user={guest}", copy.socket_url());
    let restore = |flags: &[&str]| {
        let arguments = [&["restore", "x", "--create-roles"], flags].concat();
        let program = on(&copy, bench.folder.path()).env("DATABASE_URL", &url);
        program.args(arguments).run()
    };
    let refused = restore(&[]).exits(3);
    assert!(refused.stderr.contains("CREATEROLE"), "{refused}");
    copy.psql(&format!("ALTER ROLE {guest} CREATEROLE"));
    restore(&["--batch", "1"]).exits(0);
    let facts = "SELECT relowner::regrole FROM pg_class WHERE relname = 't'";
    assert_eq!(copy.psql(facts), owner);
}
