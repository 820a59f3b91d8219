//! What a database has besides its schema: recorded, shown, compared and told, and left as it is.

use super::{Bench, on};
use crate::support::postgres::Database;

/// A database with something of everything, and the roles that this names.
fn bench() -> (Bench, String) {
    let bench = Bench::new("CREATE TABLE t (a int)");
    let name = bench.database.name().to_owned();
    let (role, friend) = (format!("r_{name}"), format!("\"f {name}\""));
    bench.database.psql(&format!(
        "CREATE ROLE {role}; CREATE ROLE {friend};
         ALTER DATABASE {name} SET search_path = \"$user\", public, \"odd, one\";
         ALTER DATABASE {name} SET app.jwt_secret = 'top-secret';
         ALTER DATABASE {name} SET \"app.Tenant\" = 'it''s';
         ALTER ROLE {role} IN DATABASE {name} SET work_mem = '8MB';
         ALTER DATABASE {name} OWNER TO {role};
         ALTER DATABASE {name} CONNECTION LIMIT 50; ALTER DATABASE {name} IS_TEMPLATE true;
         REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC;
         GRANT CREATE ON DATABASE {name} TO {friend} WITH GRANT OPTION;
         SET ROLE {friend}; GRANT CREATE ON DATABASE {name} TO pg_monitor; RESET ROLE;
         COMMENT ON DATABASE {name} IS 'a shop
of two lines'"
    ));
    (bench, name)
}

/// Lets the other tests' clusters drop it again.
fn drop_template(bench: &Bench) {
    let name = bench.database.name();
    let sql = format!("ALTER DATABASE {name} IS_TEMPLATE false");
    bench.database.psql(&sql);
}

#[test]
fn the_database_is_shown_as_pg_dump_has_it() {
    let (bench, name) = bench();
    let taken = bench.snapback(&["snapshot", "x"]).exits(0);
    let warning = format!("database {name} has a secret");
    assert!(taken.stderr.contains(&warning), "{taken}");
    let shown = bench.snapback(&["show", "x", "--format", "json"]).exits(0);
    assert!(!format!("{taken}{shown}").contains("top-secret"));
    let sql: Vec<String> = shown.json()["database"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sql| sql.as_str().unwrap().to_owned())
        .collect();
    let dump = bench.database.pg_dump(&["-s", "-C"]);
    let dump = dump.replace("top-secret", "not-in-the-snapshot");
    let mut said = 0;
    for statement in &sql {
        let about = [" SET ", "COMMENT ON", " OWNER TO "];
        if about.iter().any(|words| statement.contains(words)) && !statement.starts_with("SET") {
            assert!(
                dump.contains(&format!("{statement};\n")),
                "{statement}\n{dump}"
            );
            said += 1;
        }
    }
    assert_eq!(said, 5, "{sql:?}");
    // What is printed for people can be played into a database that is there.
    let script = bench.snapback(&["show", "x"]).exits(0).stdout;
    let copy = Database::new();
    copy.psql("DROP SCHEMA public; DROP EXTENSION plpgsql");
    copy.psql(&script);
    assert_eq!(copy.psql("SELECT count(*) FROM t"), "0");
    // A schema alone has no database around it.
    bench
        .snapback(&["snapshot", "part", "-n", "public"])
        .exits(0);
    let part = bench
        .snapback(&["show", "part", "--format", "json"])
        .exits(0);
    assert_eq!(part.json()["database"], serde_json::json!([]));
    drop_template(&bench);
}

#[test]
fn what_differs_is_told_with_what_makes_it_equal() {
    let (bench, _) = bench();
    bench.snapback(&["snapshot", "x"]).exits(0);
    let copy = Database::new();
    let name = copy.name();
    copy.psql(&format!(
        "ALTER DATABASE {name} SET work_mem = '1MB'; GRANT CREATE ON DATABASE {name} TO pg_monitor"
    ));
    let restored = on(&copy, bench.folder.path())
        .args(["restore", "x"])
        .run()
        .exits(0);
    assert!(restored.stdout.contains("proven  root"), "{restored}");
    for words in [
        "is left as it is",
        "setting search_path: \"$user\", public, \"odd, one\", here: none",
        "SET search_path TO '$user', 'public', 'odd, one';",
        "setting work_mem: none, here: 1MB",
        "RESET work_mem;",
        "CONNECTION LIMIT 50;",
    ] {
        assert!(restored.stderr.contains(words), "{words}\n{restored}");
    }
    assert_eq!(copy.psql("SHOW work_mem"), "1MB");

    let diff = |flags: &[&str]| {
        let arguments = [
            &["diff", "db", "x", "--exit-code", "--format", "json"],
            flags,
        ]
        .concat();
        // The root is the same: nothing was found.
        on(&copy, bench.folder.path())
            .args(arguments)
            .run()
            .exits(0)
            .json()
    };
    let found = diff(&[]);
    let differences = found["beside"].as_array().unwrap();
    assert_eq!(found["equal"], true);
    assert_eq!(differences.len(), 10, "{found}");
    let masked = diff(&["--no-owner", "--no-privileges", "--no-comments"]);
    assert_eq!(masked["beside"].as_array().unwrap().len(), 7, "{masked}");
    let statements = differences
        .iter()
        .flat_map(|found| found["sql"].as_array().unwrap());
    let script: Vec<&str> = statements.map(|sql| sql.as_str().unwrap()).collect();
    copy.psql(&(script.join(";\n") + ";\n"));
    assert_eq!(diff(&[])["beside"], serde_json::json!([]));
    let words = on(&copy, bench.folder.path())
        .args(["restore", "x"])
        .run()
        .exits(3);
    assert!(!words.stderr.contains("is left as it is"), "{words}");
    copy.psql(&format!("ALTER DATABASE {name} IS_TEMPLATE false"));
    drop_template(&bench);
}

#[test]
fn a_rollback_says_what_it_does_not_change() {
    let bench = Bench::new("CREATE TABLE t (a int)");
    bench.snapback(&["snapshot", "x"]).exits(0);
    let name = bench.database.name();
    bench
        .database
        .psql(&format!("ALTER DATABASE {name} SET work_mem = '1MB'"));
    let nothing = bench.snapback(&["rollback", "x", "--yes"]).exits(0);
    assert!(nothing.stdout.contains("nothing to do"), "{nothing}");
    assert!(nothing.stderr.contains("RESET work_mem;"), "{nothing}");
    let diff = bench.snapback(&["diff", "x"]).exits(0);
    assert!(diff.stdout.contains("no difference"), "{diff}");
    assert!(diff.stdout.contains("+ setting work_mem: 1MB"), "{diff}");
}
