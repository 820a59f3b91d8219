//! A fresh database for each test, and what is asked of it with psql and `pg_dump`.

use std::path::Path;
use std::time::Duration;

use super::Server;

/// A database of its own for one test, dropped with it.
pub(crate) struct Database<'server> {
    pub(super) server: &'server Server,
    pub(super) name: String,
}

impl Database<'static> {
    /// A new, empty database on the shared server.
    pub(crate) fn new() -> Self {
        Server::shared().database()
    }
}

impl<'server> Database<'server> {
    pub(crate) fn server(&self) -> &'server Server {
        self.server
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's URL over TCP.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// `user`'s URL over TCP.
    pub(crate) fn url_of(&self, user: &str) -> String {
        format!(
            "postgresql://{user}@127.0.0.1:{}/{}",
            self.server.port, self.name
        )
    }

    /// The superuser's URL over the unix socket.
    pub(crate) fn socket_url(&self) -> String {
        let Server { folder, port, .. } = self.server;
        format!(
            "postgresql://postgres@/{}?host={}&port={port}",
            self.name,
            folder.display()
        )
    }

    /// Runs SQL as the superuser, statement by statement, and gives the rows: a line each, `|` between
    /// columns. Panics with psql's message at the first error.
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.try_psql(sql)
            .unwrap_or_else(|error| panic!("psql: {error}\n{sql}"))
    }

    /// [`Self::psql`] for SQL that may fail: the error is what psql wrote to standard error.
    pub(crate) fn try_psql(&self, sql: &str) -> Result<String, String> {
        self.server.run_psql(&self.name, &[], sql)
    }

    /// Returns when SQL gives `wanted`, which it must come to.
    pub(crate) fn until(&self, sql: &str, wanted: &str) {
        for _ in 0..600 {
            if self.psql(sql) == wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it never was {wanted}: {sql}");
    }

    /// `psql -1 -v ON_ERROR_STOP=1 -f file`: the oracle of `snapback run`.
    pub(crate) fn psql_file(&self, file: &Path) -> Result<String, String> {
        self.server
            .run_psql(&self.name, &["-1", "-f", file.to_str().unwrap()], "")
    }

    /// What `pg_dump` writes, `arguments` being such as `-s`, without what differs between two runs: the random
    /// `\restrict` token and the two lines that name versions. Nor with a setting that servers before 17 do not know.
    pub(crate) fn pg_dump(&self, arguments: &[&str]) -> String {
        self.pg_dump_by(self.server, arguments)
    }

    /// The schema as the `pg_dump` of another server's version writes it, to be loaded there.
    pub(crate) fn pg_dump_for(&self, other: &Server) -> String {
        self.pg_dump_by(other, &["-s"])
    }

    fn pg_dump_by(&self, server: &Server, arguments: &[&str]) -> String {
        let mut pg_dump = server.client("pg_dump");
        pg_dump.args(arguments).arg("-h").arg(&self.server.folder);
        pg_dump.args([
            "-p",
            &self.server.port.to_string(),
            "-U",
            "postgres",
            "-d",
            &self.name,
        ]);
        let output = pg_dump.output().unwrap();
        assert!(
            output.status.success(),
            "pg_dump: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        without_run_marks(&String::from_utf8(output.stdout).unwrap())
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // The server may have been stopped by the test; the folder goes with it in any case.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = self.server.run_psql("postgres", &[], &sql);
    }
}

fn without_run_marks(dump: &str) -> String {
    const MARKS: [&str; 5] = [
        "\\restrict ",
        "\\unrestrict ",
        "-- Dumped from database version",
        "-- Dumped by pg_dump",
        "SET transaction_timeout",
    ];
    dump.lines()
        .filter(|line| !MARKS.iter().any(|mark| line.starts_with(mark)))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn a_database_is_empty_and_of_its_own() {
    let (one, other) = (Database::new(), Database::new());
    one.psql("CREATE TABLE only_here (id integer); INSERT INTO only_here VALUES (1), (2)");
    assert_eq!(one.psql("TABLE only_here"), "1\n2");
    let error = other.try_psql("TABLE only_here").unwrap_err();
    assert!(
        error.contains("relation \"only_here\" does not exist"),
        "{error}"
    );
    assert_ne!(one.name(), other.name());
}

#[test]
fn a_dump_is_the_same_twice() {
    let database = Database::new();
    database.psql("CREATE TABLE t (id integer PRIMARY KEY)");
    let dump = database.pg_dump(&["-s"]);
    assert_eq!(dump, database.pg_dump(&["-s"]));
    assert!(
        dump.contains("CREATE TABLE public.t") && !dump.contains("\\restrict"),
        "{dump}"
    );
}

#[test]
fn a_file_runs_in_one_transaction() {
    let database = Database::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "CREATE TABLE t (); SELECT 1/0;").unwrap();
    let error = database.psql_file(file.path()).unwrap_err();
    assert!(error.contains("division by zero"), "{error}");
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}
