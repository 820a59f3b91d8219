//! How fast scripts are split, checked and run, with psql as the measure: `cargo bench --bench script`.
//!
//! Starts a server of its own. What is compared runs in turn, and medians are printed. `SCRIPT_BENCH=split,check`
//! runs some of it; the part through a slow network takes minutes, most of them psql's. `SCRIPT_BENCH_TABLES` (1000)
//! and `SCRIPT_BENCH_ROUNDS` (5) make it shorter on a busy machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::unchecked_time_subtraction,
    reason = "a benchmark"
)]

#[allow(dead_code, reason = "shared with benches that use more of it")]
mod common;

#[path = "../tests/support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod support;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::median;
use snapback::connect::{Config, Connection, Environment, Given, Interrupt};
use snapback::script::run::{self, Completed, Sink};
use snapback::script::{Piece, Source, Splitter, online};
use support::live::block_on;
use support::postgres::{Database, Server};
use support::proxy::Network;
use tempfile::TempDir;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, file, url] = &arguments[..]
        && role == "tell-memory"
    {
        return tell_memory(Path::new(file), url);
    }
    let wanted =
        std::env::var("SCRIPT_BENCH").unwrap_or_else(|_| "split,check,run,dump,slow".to_owned());
    let folder = tempfile::tempdir().unwrap();
    for part in wanted.split(',') {
        match part {
            "split" => split(&folder),
            "check" => check(&folder),
            "run" => run_on_socket(&folder),
            "dump" => run_dump(&folder),
            "slow" => run_through_slow_network(&folder),
            other => panic!("SCRIPT_BENCH has no part {other}"),
        }
    }
}

/// A number from the environment.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn tables() -> usize {
    setting("SCRIPT_BENCH_TABLES", 1_000)
}

fn rounds() -> usize {
    setting("SCRIPT_BENCH_ROUNDS", 5)
}

fn script(folder: &TempDir, name: &str, write: impl FnOnce(&mut BufWriter<File>)) -> PathBuf {
    let path = folder.path().join(name);
    let mut out = BufWriter::new(File::create(&path).unwrap());
    write(&mut out);
    out.flush().unwrap();
    path
}

// Splitting ------------------------------------------------------------------------------------------------------

/// A plain dump of 200 MB: tables, and their rows as COPY data with quotes, backslashes and NULLs in them.
fn dump(folder: &TempDir) -> PathBuf {
    script(folder, "dump.sql", |out| {
        let mut written = 0;
        let mut table = 0;
        while written < 200_000_000 {
            table += 1;
            let mut text = format!(
                "--\n-- Name: t{table}; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.t{table} (\n    \
                 id bigint NOT NULL,\n    name text DEFAULT 'it''s'::text,\n    amount numeric(12,2),\n    \
                 made timestamp with time zone DEFAULT now()\n);\n\n\
                 COPY public.t{table} (id, name, amount, made) FROM stdin;\n"
            );
            for row in 0..50_000 {
                writeln!(
                    text,
                    "{row}\tit's row {row}\\t\\\\ of \"{table}\"\t{row}.25\t\\N"
                )
                .unwrap();
            }
            text.push_str("\\.\n\n");
            out.write_all(text.as_bytes()).unwrap();
            written += text.len();
        }
    })
}

/// A script of 200 MB without COPY.
fn inserts(folder: &TempDir) -> PathBuf {
    script(folder, "inserts.sql", |out| {
        for row in 0..2_000_000 {
            writeln!(
                out,
                "INSERT INTO public.customers (id, name, amount, made) VALUES ({row}, 'it''s customer {row}', {row}.25, NULL);"
            )
            .unwrap();
        }
    })
}

fn split_file(path: &Path) -> (u64, u64) {
    let mut splitter = Splitter::new(File::open(path).unwrap());
    let (mut statements, mut data) = (0, 0);
    while let Some(piece) = splitter.next().unwrap() {
        match piece {
            Piece::Statement(_) => statements += 1,
            Piece::CopyData(bytes) => data += bytes.len() as u64,
            Piece::Command(_) | Piece::CopyEnd => {}
        }
    }
    (statements, data)
}

/// Runs in a process of its own, whose memory is that of the splitter alone; or of a run, when there is a URL.
fn tell_memory(path: &Path, url: &str) {
    if url.is_empty() {
        split_file(path);
    } else {
        ours(url, "bench", path);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    println!("{}", peak.split_whitespace().nth(1).unwrap());
}

/// The peak memory of a process that splits or runs a script, in MB.
fn peak_memory(path: &Path, url: &str) -> f64 {
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own)
        .arg("tell-memory")
        .arg(path)
        .arg(url)
        .output()
        .unwrap();
    let peak: f64 = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    peak / 1024.0
}

/// What a process or thread has spent on a processor: on a busy machine the wall clock measures the others.
fn processor_time(of: &str) -> Duration {
    parse_schedstat(&fs::read_to_string(format!("/proc/{of}/schedstat")).unwrap())
}

fn parse_schedstat(text: &str) -> Duration {
    Duration::from_nanos(text.split(' ').next().unwrap().trim().parse().unwrap())
}

fn split(folder: &TempDir) {
    for path in [dump(folder), inserts(folder)] {
        let size = fs::metadata(&path).unwrap().len();
        let (statements, data) = split_file(&path);
        let times = (0..7).map(|_| {
            let begin = processor_time("thread-self");
            split_file(&path);
            processor_time("thread-self") - begin
        });
        let rate = size as f64 / 1e6 / median(times.collect()).as_secs_f64();
        println!(
            "split  {}: {:.0} MB, {statements} statements, {:.0} MB of COPY data: {rate:.0} MB/s, peak {:.1} MB",
            path.file_name().unwrap().display(),
            size as f64 / 1e6,
            data as f64 / 1e6,
            peak_memory(&path, ""),
        );
        fs::remove_file(path).unwrap();
    }
}

// The standard large schema ---------------------------------------------------------------------------------------

/// Per table: identity primary key, unique, check, two more indexes, a foreign key to the table before, trigger,
/// comments; every 5th a policy, every 10th a view; 100 tables a schema.
fn large_schema(tables: usize) -> String {
    let mut sql = String::new();
    for i in 0..tables {
        let s = format!("app{}", i / 100);
        if i % 100 == 0 {
            write!(
                sql,
                "CREATE SCHEMA {s};\nCREATE TYPE {s}.status AS ENUM ('new','active','closed');\n\
                 CREATE FUNCTION {s}.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;\n"
            )
            .unwrap();
        }
        write!(
            sql,
            "CREATE TABLE {s}.t{i} (\n  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n  tenant_id bigint NOT NULL,\n  \
             parent_id bigint,\n  name text NOT NULL DEFAULT 'x' CHECK (length(name) > 0),\n  \
             status {s}.status NOT NULL DEFAULT 'new',\n  amount numeric(12,2) DEFAULT 0.0,\n  \
             payload jsonb DEFAULT '{{}}'::jsonb,\n  created_at timestamptz NOT NULL DEFAULT now(),\n  \
             updated_at timestamptz,\n  UNIQUE (tenant_id, name)\n);\n\
             CREATE INDEX t{i}_created_idx ON {s}.t{i} (created_at DESC) WHERE status <> 'closed';\n\
             CREATE INDEX t{i}_payload_idx ON {s}.t{i} USING gin (payload);\n\
             COMMENT ON TABLE {s}.t{i} IS 'table number {i}';\nCOMMENT ON COLUMN {s}.t{i}.name IS 'name of {i}';\n\
             CREATE TRIGGER touch BEFORE UPDATE ON {s}.t{i} FOR EACH ROW EXECUTE FUNCTION {s}.touch();\n"
        )
        .unwrap();
        if i % 100 != 0 {
            let before = i - 1;
            writeln!(
                sql,
                "ALTER TABLE {s}.t{i} ADD CONSTRAINT t{i}_parent_fk FOREIGN KEY (parent_id) REFERENCES {s}.t{before}(id) ON DELETE CASCADE;"
            )
            .unwrap();
        }
        if i % 5 == 0 {
            writeln!(
                sql,
                "ALTER TABLE {s}.t{i} ENABLE ROW LEVEL SECURITY;\n\
                 CREATE POLICY tenant ON {s}.t{i} USING (tenant_id = current_setting('app.tenant')::bigint);"
            )
            .unwrap();
        }
        if i % 10 == 0 {
            writeln!(
                sql,
                "CREATE VIEW {s}.v{i} AS SELECT t.id, t.name, t.status, count(*) OVER (PARTITION BY t.tenant_id) AS n \
                 FROM {s}.t{i} t WHERE t.status = 'active';"
            )
            .unwrap();
        }
    }
    sql
}

// Against a server ------------------------------------------------------------------------------------------------

async fn open(url: &str) -> Connection {
    let given = Given {
        text: url,
        origin: "bench",
    };
    let environment = Environment::of::<&str, &str>([]).with_os_user("postgres");
    let config = Config::resolve(Some(given), &environment).unwrap();
    Connection::open(&config).await.unwrap()
}

fn check(folder: &TempDir) {
    let text = large_schema(tables()).repeat(10);
    let path = script(folder, "check.sql", |out| {
        out.write_all(text.as_bytes()).unwrap();
    });
    let database = Database::new();
    let mut statements = 0;
    let times = (0..rounds()).map(|_| {
        block_on(async {
            let mut connection = open(&database.socket_url()).await;
            let begin = Instant::now();
            let report = online(&mut connection, Source::open(&path).unwrap())
                .await
                .unwrap();
            let time = begin.elapsed();
            assert_eq!(report.broken, 0);
            statements = report.statements;
            time
        })
    });
    let time = median(times.collect());
    let rate = statements as f64 / time.as_secs_f64();
    println!(
        "check  online over a socket: {statements} statements in {time:.2?}: {rate:.0} statements/s"
    );
}

#[derive(Default)]
struct Ticks {
    first: Option<Instant>,
    count: u64,
}

impl Sink for Ticks {
    fn completed(&mut self, _: &Completed<'_>) {
        self.count += 1;
        self.first.get_or_insert_with(Instant::now);
    }
}

/// A run: by the clock, and on processors, the server's backend and the client together.
#[derive(Clone, Copy)]
struct Took {
    clock: Duration,
    processors: Duration,
}

/// Ours: from the connection to COMMIT. Also says when the first tick of progress came, and how many there were.
fn ours(url: &str, database: &str, path: &Path) -> (Took, Duration, u64) {
    block_on(async {
        let (begin, client) = (Instant::now(), processor_time("thread-self"));
        let mut connection = open(url).await;
        let source = Source::open(path).unwrap();
        let source = run::prepare(source, &connection, database, "postgres");
        connection.execute("BEGIN").await.unwrap();
        let mut ticks = Ticks::default();
        let never = Interrupt::never();
        run::run(&mut connection, source, &mut ticks, &never)
            .await
            .unwrap();
        connection.execute("COMMIT").await.unwrap();
        let first = ticks.first.map_or(Duration::MAX, |first| first - begin);
        let backend = connection.server().process().unwrap().to_string();
        let processors = processor_time(&backend) + processor_time("thread-self") - client;
        (
            Took {
                clock: begin.elapsed(),
                processors,
            },
            first,
            ticks.count,
        )
    })
}

/// psql with the same script, and at its end what it took.
fn psql(host: &str, port: u16, database: &str, path: &Path) -> Took {
    let wrapper = path.with_extension("psql");
    let script = format!(
        "\\i {}\nSELECT pg_backend_pid() AS pid \\gset\n\\setenv BACKEND :pid\n\\! cat /proc/$BACKEND/schedstat /proc/$PPID/schedstat\n",
        path.display()
    );
    fs::write(&wrapper, script).unwrap();
    let begin = Instant::now();
    let server = support::binaries::server_folder().unwrap();
    let output = Command::new(support::binaries::client(&server, "psql"))
        .args(["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-U", "postgres"])
        .args(["-h", host, "-p", &port.to_string(), "-d", database, "-f"])
        .arg(&wrapper)
        .output()
        .unwrap();
    let clock = begin.elapsed();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).unwrap();
    Took {
        clock,
        processors: output.lines().map(parse_schedstat).sum(),
    }
}

fn compare(what: &str, ours: &[Took], psql: &[Took]) {
    let clock = |took: &[Took]| median(took.iter().map(|took| took.clock).collect());
    let processors = |took: &[Took]| median(took.iter().map(|took| took.processors).collect());
    let ratio = |a: Duration, b: Duration| b.as_secs_f64() / a.as_secs_f64();
    println!(
        "run    {what}: {:.2?}; psql -1 -f: {:.2?}; {:.2} times as fast (on processors: {:.2?} and {:.2?}, {:.2} times)",
        clock(ours),
        clock(psql),
        ratio(clock(ours), clock(psql)),
        processors(ours),
        processors(psql),
        ratio(processors(ours), processors(psql)),
    );
}

fn large_script(folder: &TempDir) -> PathBuf {
    script(folder, "large.sql", |out| {
        out.write_all(large_schema(tables()).as_bytes()).unwrap();
    })
}

fn run_on_socket(folder: &TempDir) {
    let path = large_script(folder);
    let server = Server::shared();
    let host = server.socket_folder().display().to_string();
    let (mut our_times, mut psql_times, mut count) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds() {
        let database = Database::new();
        let (took, _, statements) = ours(&database.socket_url(), database.name(), &path);
        our_times.push(took);
        count = statements;
        let database = Database::new();
        psql_times.push(psql(&host, server.port(), database.name(), &path));
    }
    let what = format!("{} tables, {count} statements, over a socket", tables());
    compare(&what, &our_times, &psql_times);
}

/// The dump of 200 MB, played in bounded memory.
fn run_dump(folder: &TempDir) {
    let path = dump(folder);
    let database = Database::new();
    let begin = Instant::now();
    let peak = peak_memory(&path, &database.socket_url());
    println!(
        "run    the dump of 200 MB over a socket: {:.2?}, peak {peak:.1} MB",
        begin.elapsed()
    );
}

fn run_through_slow_network(folder: &TempDir) {
    let path = large_script(folder);
    let server = Server::shared();
    let slow = || {
        Network::new()
            .delay(Duration::from_millis(10))
            .before_port(server.port())
    };
    let mut times = Vec::new();
    let mut first_tick = Duration::MAX;
    for _ in 0..rounds().min(3) {
        let database = Database::new();
        let (port, name) = (slow().port(), database.name());
        let url = format!("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable");
        let (took, first, _) = ours(&url, name, &path);
        times.push(took);
        first_tick = first_tick.min(first);
    }
    let database = Database::new();
    let psql = psql("127.0.0.1", slow().port(), database.name(), &path);
    compare(
        &format!("{} tables, 10 ms each way", tables()),
        &times,
        &[psql],
    );
    println!("       the first tick of progress came after {first_tick:.2?}");
}
