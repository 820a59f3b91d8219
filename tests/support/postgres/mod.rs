//! A real Postgres server for tests.
//!
//! All tests of a process share one server; a test that needs another configuration starts its own with
//! [`Options`]. The server never runs as root, and is stopped and its folder removed when the test process
//! ends in whatever way: a small shell waits for the end of a pipe that only the test process holds open.

mod database;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::binaries;

pub(crate) use database::Database;

/// What a special server has that the shared one has not.
#[derive(Default)]
pub(crate) struct Options {
    settings: Vec<(String, String)>,
    hba: Option<String>,
    tls: Option<Tls>,
    initdb: Vec<String>,
    bin: Option<PathBuf>,
}

/// The PEM texts for `ssl = on`.
pub(crate) struct Tls {
    /// The server's certificate, then any intermediate ones.
    pub(crate) certificate: String,
    /// Its private key.
    pub(crate) key: String,
    /// Who signs client certificates (`ssl_ca_file`).
    pub(crate) client_ca: Option<String>,
}

impl Options {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A line of postgresql.conf.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The whole of `pg_hba.conf`. Without it everybody is trusted. Keep a `local all postgres trust` line:
    /// [`Database`] and [`Server::psql`] come in by it.
    pub(crate) fn hba(mut self, lines: &str) -> Self {
        self.hba = Some(lines.to_owned());
        self
    }

    pub(crate) fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// An argument for `initdb`, such as `--auth-host=scram-sha-256`.
    pub(crate) fn initdb(mut self, argument: &str) -> Self {
        self.initdb.push(argument.to_owned());
        self
    }

    /// The programs of another version than the one under test.
    pub(crate) fn bin(mut self, folder: &Path) -> Self {
        self.bin = Some(folder.to_owned());
        self
    }

    pub(crate) fn start(&self) -> Server {
        Server::start(self)
    }
}

/// A running server. Its superuser is `postgres`; it listens on 127.0.0.1 and on a unix socket.
pub(crate) struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<User>,
    next_name: AtomicU32,
    /// Closing its input, by drop or by the end of this process, stops the server.
    guard: (Child, Option<ChildStdin>),
}

/// Where servers have their folders, and benches their stores: in memory where there is room, since the file system is not what is tested or
/// measured. (ext4 takes more processor time to find inodes for a thousand tables, where a database with as many has
/// just been dropped, than the server takes to create them.)
///
/// The socket's whole path has to fit into 107 bytes, so never under a long TMPDIR.
pub(crate) fn parent() -> &'static Path {
    const ENOUGH_KB: u64 = 4 * 1024 * 1024;
    static PARENT: OnceLock<&Path> = OnceLock::new();
    PARENT.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let df = Command::new("df").arg("-Pk").arg(memory).output();
        let table = df.map_or_else(
            |_| String::new(),
            |df| String::from_utf8(df.stdout).unwrap(),
        );
        let available = table
            .lines()
            .nth(1)
            .and_then(|line| line.split_whitespace().nth(3));
        match available.map(str::parse::<u64>) {
            Some(Ok(kb)) if kb >= ENOUGH_KB => memory,
            _ => Path::new("/tmp"),
        }
    })
}

/// Starts the server, says so, waits until its input ends, stops the server, removes the folder.
const GUARD: &str = r#"
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -s start </dev/null >/dev/null 2>>"$2/log" || exit 1
trap '' PIPE
echo started
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate -s stop >/dev/null 2>&1
rm -rf "$2"
"#;

impl Server {
    /// The server that all tests of this process share: everybody is trusted, UTF8, locale C.
    pub(crate) fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Options::new().start())
    }

    fn start(options: &Options) -> Server {
        let found = || binaries::server_folder().unwrap_or_else(|why| panic!("{why}"));
        let bin = options.bin.clone().unwrap_or_else(found);
        let folder = tempfile::Builder::new()
            .prefix("sb-pg-")
            .tempdir_in(parent())
            .unwrap();
        let user = User::for_server(folder.path());
        if let Some(user) = &user {
            user.give(folder.path());
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        initdb(&bin, folder.path(), user.as_ref(), options);

        // Between our asking for a free port and the server's taking it, another process may.
        for attempt in 1.. {
            let port = free_port();
            configure(folder.path(), user.as_ref(), port, options);
            match guard(&bin, folder.path(), user.as_ref()) {
                Ok(guard) => {
                    let folder = folder.keep();
                    return Server {
                        bin,
                        folder,
                        port,
                        user,
                        next_name: AtomicU32::new(1),
                        guard,
                    };
                }
                Err(log) if attempt < 5 && log.contains("could not bind") => {}
                Err(log) => panic!("the Postgres server did not start:\n{log}"),
            }
        }
        unreachable!("the loop above returns or panics")
    }

    /// The TCP port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the unix socket, as in `host=/dev/shm/..`.
    pub(crate) fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The unix socket itself.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }

    /// 15 for 15.18.
    pub(crate) fn major(&self) -> u32 {
        binaries::major(&self.bin)
    }

    /// What the server logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Restarts the server in `pg_ctl`'s mode `fast` or `immediate`.
    pub(crate) fn restart(&self, mode: &str) {
        let mut pg_ctl = Command::new(self.bin.join("pg_ctl"));
        pg_ctl
            .args(["-w", "-s", "-m", mode, "restart", "-l"])
            .arg(self.folder.join("log"));
        pg_ctl.arg("-D").arg(self.folder.join("data"));
        let pg_ctl = as_user(&mut pg_ctl, self.user.as_ref(), &self.bin);
        let status = pg_ctl
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "pg_ctl restart failed:\n{}", self.log());
    }

    /// Runs SQL in the maintenance database; see [`Database::psql`].
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.run_psql("postgres", &[], sql)
            .unwrap_or_else(|error| panic!("psql: {error}\n{sql}"))
    }

    /// A new, empty database on this server.
    pub(crate) fn database(&self) -> Database<'_> {
        self.database_with("TEMPLATE template0")
    }

    /// A new database with other options of `CREATE DATABASE`.
    pub(crate) fn database_with(&self, options: &str) -> Database<'_> {
        let name = format!("t{}", self.next_name.fetch_add(1, Ordering::Relaxed));
        self.psql(&format!("CREATE DATABASE {name} {options}"));
        Database { server: self, name }
    }

    fn client(&self, program: &str) -> Command {
        let program = binaries::client(&self.bin, program);
        let mut command = Command::new(&program);
        // Its own libpq, which need not be the server's.
        clean_environment(&mut command, program.parent().unwrap());
        command
    }

    fn run_psql(&self, database: &str, arguments: &[&str], sql: &str) -> Result<String, String> {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(arguments);
        psql.arg("-h").arg(&self.folder).args([
            "-p",
            &self.port.to_string(),
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        let mut child = psql
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // On an error psql stops reading; what it says then is its standard error, not our broken pipe.
            scope.spawn(move || input.write_all(sql.as_bytes()));
            child.wait_with_output().unwrap()
        });
        let text = String::from_utf8(output.stdout).unwrap();
        if output.status.success() {
            return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.1.take());
        let _ = self.guard.0.wait();
    }
}

/// Whom the server runs as when the tests run as root, which Postgres refuses to do.
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// `None` when we are not root (who owns what we have just created).
    fn for_server(ours: &Path) -> Option<Self> {
        if fs::metadata(ours).unwrap().uid() != 0 {
            return None;
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let find = |name: &str| {
            let line = passwd
                .lines()
                .find(|line| line.split(':').next() == Some(name))?;
            let mut ids = line.split(':').skip(2).map(str::parse);
            Some(Self {
                uid: ids.next()?.ok()?,
                gid: ids.next()?.ok()?,
            })
        };
        let user = find("postgres").or_else(|| find("nobody"));
        Some(user.expect("/etc/passwd has neither postgres nor nobody to run the server as"))
    }

    fn give(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).unwrap();
    }
}

fn as_user<'c>(command: &'c mut Command, user: Option<&User>, bin: &Path) -> &'c mut Command {
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    // The folder we are in may be closed to that user.
    command.current_dir("/tmp");
    clean_environment(command, bin)
}

fn clean_environment<'c>(command: &'c mut Command, bin: &Path) -> &'c mut Command {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent");
    // The unpacked servers find libpq for postgres_fdw and dblink by nothing else.
    let libraries = bin.with_file_name("lib");
    if !bin.starts_with("/usr") && libraries.is_dir() {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
}

fn initdb(bin: &Path, folder: &Path, user: Option<&User>, options: &Options) {
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.args([
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    initdb
        .arg("-D")
        .arg(folder.join("data"))
        .args(&options.initdb);
    let output = as_user(&mut initdb, user, bin).output().unwrap();
    assert!(
        output.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn configure(folder: &Path, user: Option<&User>, port: u16, options: &Options) {
    let socket_folder = folder.to_str().unwrap();
    let port = port.to_string();
    let data = folder.join("data");
    let write = |name: &str, text: &str| {
        let file = data.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(user) = user {
            user.give(&file);
        }
    };
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1"),
        ("port", &port),
        ("unix_socket_directories", socket_folder),
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("autovacuum", "off"),
        ("max_prepared_transactions", "10"),
        ("wal_level", "logical"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
    ];
    if let Some(tls) = &options.tls {
        write("server.crt", &tls.certificate);
        write("server.key", &tls.key);
        settings.extend([
            ("ssl", "on"),
            ("ssl_cert_file", "server.crt"),
            ("ssl_key_file", "server.key"),
        ]);
        if let Some(ca) = &tls.client_ca {
            write("client_ca.crt", ca);
            settings.push(("ssl_ca_file", "client_ca.crt"));
        }
    }
    settings.extend(
        options
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let mut text = String::new();
    for (name, value) in settings {
        writeln!(text, "{name} = '{}'", value.replace('\'', "''")).unwrap();
    }
    // The last file the server reads, so it needs no knowledge of what initdb wrote.
    write("postgresql.auto.conf", &text);
    write(
        "pg_hba.conf",
        options
            .hba
            .as_deref()
            .unwrap_or("local all all trust\nhost all all all trust\n"),
    );
}

/// Starts the server under its guard; `Err` is the server's log.
fn guard(
    bin: &Path,
    folder: &Path,
    user: Option<&User>,
) -> Result<(Child, Option<ChildStdin>), String> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", GUARD, "guard"]).arg(bin).arg(folder);
    as_user(&mut shell, user, bin)
        // Ctrl-C in the terminal is for the tests; the guard acts when they are gone.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    let input = child.stdin.take();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    if line == "started\n" {
        return Ok((child, input));
    }
    child.wait().unwrap();
    Err(fs::read_to_string(folder.join("log")).unwrap_or_default())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn a_special_server_has_its_settings_and_leaves_nothing_behind() {
    let server = Options::new()
        .set("application_name", "it's special")
        .initdb("--data-checksums")
        .start();
    assert_eq!(server.psql("SHOW application_name"), "psql");
    assert_eq!(server.psql("SHOW data_checksums"), "on");
    let version = server.psql("SELECT current_setting('server_version_num')::int / 10000");
    assert_eq!(version, server.major().to_string());
    server.restart("immediate");
    let database = server.database_with("TEMPLATE template0 ENCODING 'SQL_ASCII'");
    assert_eq!(database.psql("SHOW server_encoding"), "SQL_ASCII");
    assert!(
        server.log().contains("database system is ready"),
        "{}",
        server.log()
    );
    drop(database);
    let folder = server.socket_folder().to_owned();
    drop(server);
    assert!(!folder.exists(), "{} is still there", folder.display());
}
