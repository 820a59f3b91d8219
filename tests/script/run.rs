//! Running scripts, with psql as the oracle, and what happens when one fails.

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use snapback::connect::{
    Column, Config, Connection, DataRow, Environment, Given, Interrupt, Notice,
};
use snapback::script::run::{self, Completed, RunError, Sink, Summary};
use snapback::script::{Echo, Location, Source};
use tempfile::TempDir;

use crate::support::corpus::Feature;
use crate::support::live::{block_on, connect};
use crate::support::postgres::{Database, Server};

/// All that a script said, in order.
#[derive(Default)]
struct Heard(Vec<String>);

impl Sink for Heard {
    fn completed(&mut self, done: &Completed<'_>) {
        self.0.push(format!("{} {}", done.location.place, done.tag));
    }

    fn columns(&mut self, columns: Vec<Column>) {
        let names: Vec<_> = columns.into_iter().map(|column| column.name).collect();
        self.0.push(format!("columns {}", names.join(",")));
    }

    fn row(&mut self, row: &DataRow) {
        let text = |value: Option<&[u8]>| {
            value.map_or("NULL".into(), |v| String::from_utf8_lossy(v).into_owned())
        };
        self.0.push(format!(
            "row {}",
            row.values().map(text).collect::<Vec<_>>().join(",")
        ));
    }

    fn copy_out(&mut self, data: &[u8]) {
        self.0
            .push(format!("copy {}", String::from_utf8_lossy(data).trim_end()));
    }

    fn notice(&mut self, notice: &Notice, at: Option<&Location>) {
        let at = at.map(|at| at.place.to_string()).unwrap_or_default();
        self.0
            .push(format!("{} {at} {}", notice.severity, notice.message));
    }

    fn echo(&mut self, echo: &Echo) {
        self.0.push(format!("echo {}", echo.text.trim_end()));
    }
}

/// A connection that was dialled, so that it can be cancelled.
async fn open(database: &Database<'_>) -> Connection {
    let url = database.socket_url();
    let given = Given {
        text: &url,
        origin: "test",
    };
    let environment = Environment::of::<&str, &str>([]).with_os_user("nobody-at-all");
    let config = Config::resolve(Some(given), &environment).unwrap();
    Connection::open(&config).await.unwrap()
}

/// Runs a script in a transaction of its own and ends it as the run ended.
async fn run_source(
    connection: &mut Connection,
    database: &Database<'_>,
    source: Source,
    sink: &mut dyn Sink,
    interrupt: &Interrupt,
) -> Result<Summary, RunError> {
    let source = run::prepare(source, connection, database.name(), "postgres");
    connection.execute("BEGIN").await?;
    let result = run::run(connection, source, sink, interrupt).await;
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let tags = connection.execute(end).await?;
    assert_eq!(tags[0].as_str(), end);
    result
}

fn run_file(
    database: &Database<'_>,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    block_on(async {
        let mut connection = connect(database).await;
        let source = Source::open(path)?;
        run_source(&mut connection, database, source, sink, &Interrupt::never()).await
    })
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sql");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn run_text(database: &Database<'_>, text: &str, sink: &mut dyn Sink) -> Result<Summary, RunError> {
    let (_folder, path) = file(text);
    run_file(database, &path, sink)
}

/// Where and what went wrong: `line:column message`.
fn failure(text: &str) -> String {
    let database = Database::new();
    let error = run_text(&database, text, &mut ()).unwrap_err();
    let tables =
        database.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace");
    assert_eq!(tables, "0", "nothing stays of a script that failed");
    let place = error
        .location()
        .map(|at| at.place.to_string())
        .unwrap_or_default();
    format!("{place} {error}")
}

#[test]
fn everything_a_script_says_is_heard_in_order() {
    let mut heard = Heard::default();
    let script = "\\echo begin\nCREATE TABLE t (a int, b text);\nCREATE TABLE IF NOT EXISTS t ();\n\
        COPY t FROM stdin;\n1\tone\n2\t\\N\n\\.\n\\echo copied\nSELECT a, b FROM t ORDER BY a;\nCOPY t TO stdout;\n\
        SELECT 1\\; SELECT 2;\n;\\echo end\n";
    let summary = run_text(&Database::new(), script, &mut heard).unwrap();
    assert_eq!((summary.statements, summary.rows), (7, 4));
    let expected = r#"echo begin
2:1 CREATE TABLE
NOTICE 3:1 relation "t" already exists, skipping
3:1 CREATE TABLE
4:1 COPY 2
echo copied
columns a,b
row 1,one
row 2,NULL
9:1 SELECT 2
copy 1	one
copy 2	\N
10:1 COPY 2
columns ?column?
row 1
11:1 SELECT 1
columns ?column?
row 2
11:12 SELECT 1
echo end"#;
    assert_eq!(heard.0.join("\n"), expected);
}

#[test]
fn an_error_has_its_place_and_nothing_stays() {
    let first = "CREATE TABLE kept ();\n";
    let at = |rest: &str| failure(&format!("{first}{rest}"));
    assert_eq!(
        at("-- é\nSELECT 'é',\n  nope;\n"),
        "4:3 column \"nope\" does not exist"
    );
    assert_eq!(
        at("CREAT TABLE x ();"),
        "2:1 syntax error at or near \"CREAT\""
    );
    assert_eq!(at("SELECT 1/0;"), "2:1 division by zero");
    assert_eq!(
        at("\\set v nope\nSELECT :v, 1 + , 2;"),
        "3:16 syntax error at or near \",\""
    );
    assert_eq!(
        at("CREATE TABLE c (a int);\nCOPY c FROM stdin; -- x\n1\ntwo\n\\.\n"),
        "5:1 invalid input syntax for type integer: \"two\""
    );
    assert_eq!(
        at("COPY nowhere FROM stdin;\n1\n\\.\nSELECT 1;"),
        "2:1 relation \"nowhere\" does not exist"
    );
    assert_eq!(
        at("COPY kept FROM stdin;\n"),
        "2:1 the data of this COPY .. FROM STDIN has no end (a line with only \\.): the file is cut off"
    );
    assert_eq!(at("SELECT 'x;\n"), "2:8 this quoted string is never closed");
    assert_eq!(
        at("\\gset\n"),
        "2:1 the psql command \\gset is not supported here: it sends a statement in psql's own way; end the statement with a semicolon"
    );
    assert_eq!(
        at("VACUUM;"),
        "2:1 VACUUM cannot run inside a transaction: VACUUM manages its own transactions"
    );
    assert!(at("COMMIT;\nSELECT 1;").starts_with("2:1 this COMMIT has no BEGIN"));
    assert_eq!(
        at("SET client_encoding = 'LATIN1';
SELECT 1;
SELECT 'é';"),
        "4:9 the script says that it is in latin1; convert it to UTF-8 first, and leave that statement out"
    );
    assert!(at("\\connect elsewhere").starts_with("2:1 \\connect to the database \"elsewhere\""));
}

#[test]
fn an_error_at_commit_time_is_an_error() {
    let database = Database::new();
    let script = "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE c (a int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n\
        INSERT INTO c VALUES (1);\nSET CONSTRAINTS ALL IMMEDIATE;";
    let error = run_text(&database, script, &mut ()).unwrap_err();
    assert_eq!(error.location().unwrap().place.to_string(), "3:1");
    assert_eq!(error.server().unwrap().code, "23503");
}

#[test]
fn a_begin_and_commit_around_the_script_are_taken_off() {
    let database = Database::new();
    let summary = run_text(
        &database,
        "SET work_mem = '1MB';\nBEGIN;\nCREATE TABLE t ();\nCOMMIT;\n",
        &mut (),
    );
    assert_eq!(summary.unwrap().statements, 2);
    assert_eq!(database.psql("SELECT to_regclass('t')"), "t");
    let (_folder, path) = file("BEGIN;\nCREATE TABLE u ();\nCOMMIT;\nCREATE TABLE v ();\n");
    let error = run_file(&database, &path, &mut ()).unwrap_err().to_string();
    let shown = path.display().to_string();
    assert_eq!(
        error.replace(&shown, "F"),
        "this COMMIT ends its transaction in the middle of the script: more follows at F:4:1"
    );
    assert_eq!(database.psql("SELECT to_regclass('u') IS NULL"), "t");
}

#[test]
fn ctrl_c_stops_a_long_statement_and_the_connection_lives() {
    let database = Database::new();
    block_on(async {
        let mut connection = open(&database).await;
        let (interrupter, interrupt) = Interrupt::new();
        let script = std::io::Cursor::new("CREATE TABLE t ();\nSELECT pg_sleep(60);\nSELECT 1;\n");
        let (begin, mut nobody) = (Instant::now(), ());
        let stop = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            interrupter.interrupt();
        };
        let run = run_source(
            &mut connection,
            &database,
            Source::from_reader("-", script),
            &mut nobody,
            &interrupt,
        );
        let (result, ()) = tokio::join!(run, stop);
        assert!(begin.elapsed() < Duration::from_secs(20));
        assert!(matches!(result, Err(RunError::Interrupted)), "{result:?}");
    });
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[test]
fn ctrl_c_ends_the_wait_for_a_script_that_does_not_come() {
    let database = Database::new();
    block_on(async {
        let mut connection = open(&database).await;
        let (mut writer, reader) = UnixStream::pair().unwrap();
        writer
            .write_all(b"CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\n")
            .unwrap();
        let (interrupter, interrupt) = Interrupt::new();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            interrupter.interrupt();
        });
        let input = run::interruptible(reader, &interrupt);
        let source = Source::from_reader("-", input);
        let result = run_source(&mut connection, &database, source, &mut (), &interrupt).await;
        assert!(matches!(result, Err(RunError::Interrupted)), "{result:?}");
    });
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[test]
fn a_lost_connection_is_an_error_of_the_connection() {
    let database = Database::new();
    let script = "CREATE TABLE t ();\nSELECT pg_terminate_backend(pg_backend_pid());\nSELECT 1;\n";
    let (_folder, path) = file(script);
    let error = block_on(async {
        let mut connection = connect(&database).await;
        connection.execute("BEGIN").await.unwrap();
        let source = Source::open(&path).unwrap();
        run::run(&mut connection, source, &mut (), &Interrupt::never())
            .await
            .unwrap_err()
    });
    assert!(matches!(error, RunError::Connection(_)), "{error:?}");
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

/// Runs the same file with psql and with us, and compares what stays; says why when psql cannot run it.
fn same_as_psql(path: &Path, prelude: &str) -> Result<(), String> {
    let (ours, theirs) = (Database::new(), Database::new());
    for database in [&ours, &theirs] {
        database.psql(prelude);
    }
    theirs.psql_file(path)?;
    run_file(&ours, path, &mut ()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (ours, theirs) = (ours.pg_dump(&[]), theirs.pg_dump(&[]));
    let differ = ours
        .lines()
        .zip(theirs.lines())
        .find(|(a, b)| without_moments(a) != without_moments(b));
    assert_eq!(
        differ,
        None,
        "{} leaves something else than psql does",
        path.display()
    );
    assert_eq!(
        ours.lines().count(),
        theirs.lines().count(),
        "{}",
        path.display()
    );
    Ok(())
}

/// Two runs are at two moments, which some of the real schemas store: as timestamps, or in milliseconds since 1970.
fn without_moments(line: &str) -> String {
    let now = jiff::Timestamp::now().as_millisecond();
    let moment = |word: &str| {
        let timestamp = word.parse::<jiff::Timestamp>().ok();
        timestamp
            .map(jiff::Timestamp::as_millisecond)
            .or_else(|| word.split('.').next()?.parse().ok())
    };
    let recent = |word: &str| moment(word).is_some_and(|at: i64| (at - now).abs() < 600_000);
    let words = line
        .split('\t')
        .map(|word| if recent(word) { "now" } else { word });
    words.collect::<Vec<_>>().join("\t")
}

/// Scripts that need a newer server than the oldest.
const NEWER: [(&str, u32); 2] = [
    ("atomic-body-with-case.sql", 14),
    ("column-named-pending-end.sql", 14),
];

fn major() -> u32 {
    Server::shared().major()
}

#[test]
fn our_own_scripts_do_what_psql_does() {
    for path in super::corpus::files("ok") {
        let since = NEWER.iter().find(|(name, _)| path.ends_with(name));
        if let Some((name, since)) = since.filter(|(_, since)| *since > major()) {
            eprintln!("left out on {}: {name} (since {since})", major());
            continue;
        }
        same_as_psql(&path, "").unwrap();
    }
}

#[test]
fn a_dump_is_played_as_psql_plays_it() {
    let source = Database::new();
    source.psql(
        "CREATE SCHEMA \"odd name\"; CREATE TABLE \"odd name\".t (a serial PRIMARY KEY, b text, c numeric[]);
         INSERT INTO \"odd name\".t (b, c) SELECT E'it''s\\n\\\\.\\t' || i, ARRAY[i, NULL] FROM generate_series(1, 5000) i;
         CREATE VIEW v AS SELECT * FROM \"odd name\".t;",
    );
    if major() >= 14 {
        source.psql(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        );
    }
    let dump = source.pg_dump(&[]);
    assert!(dump.contains("FROM stdin;"));
    let (_folder, path) = file(&format!("\\restrict abc\n{dump}\n\\unrestrict abc\n"));
    same_as_psql(&path, "").unwrap();
}

#[test]
fn real_schemas_are_played_as_psql_plays_them() {
    let prelude = crate::support::others::prelude();
    let paths = super::corpus::real_schemas();
    let mut played = 0;
    for path in &paths {
        match same_as_psql(path, &prelude) {
            Ok(()) => played += 1,
            // Written for another version, or for another build.
            Err(error) => eprintln!("left out: {}: {error}", path.display()),
        }
    }
    // All were loaded by 15 when they were chosen, one that was built with everything.
    let needed = match major() {
        15 if Feature::Icu.is_here() => paths.len(),
        _ => paths.len() * 2 / 3,
    };
    assert!(played >= needed, "{played} of {}", paths.len());
}
