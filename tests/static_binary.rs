//! The static binary in a root folder that holds nothing else: no C library, no resolver files, no certificates,
//! no shell. Compiled by `make test`, which builds the binary first and names it in `SNAPBACK_STATIC`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::connect::pki::Pki;
use crate::support::postgres::{Options, Tls};

const LARGEST: u64 = 8_000_000;

fn binary() -> PathBuf {
    let named = std::env::var_os("SNAPBACK_STATIC")
        .expect("SNAPBACK_STATIC names no binary: run `make test`");
    PathBuf::from(named)
}

/// A folder that holds the binary alone.
struct Jail(TempDir);

impl Jail {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(binary(), folder.path().join("snapback")).unwrap();
        Self(folder)
    }

    /// The binary with the jail as its root and nothing in its environment.
    fn snapback(&self) -> Command {
        let mut command = match Way::to_change_root(self.0.path()) {
            Way::Root => {
                let mut chroot = Command::new("chroot");
                chroot.arg(self.0.path()).arg("/snapback");
                chroot
            }
            Way::UserNamespace => {
                let mut unshare = Command::new("unshare");
                unshare
                    .args(["-r", "chroot"])
                    .arg(self.0.path())
                    .arg("/snapback");
                unshare
            }
            Way::None => Command::new(self.0.path().join("snapback")),
        };
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }
}

/// How this user may change a process's root folder.
enum Way {
    Root,
    UserNamespace,
    /// Containers often forbid it to ordinary users. That the binary needs no other file is then known from
    /// [`it_names_no_interpreter_and_is_small`] alone.
    None,
}

impl Way {
    fn to_change_root(ours: &Path) -> Self {
        if fs::metadata(ours).unwrap().uid() == 0 {
            return Self::Root;
        }
        let unshared = Command::new("unshare").args(["-r", "true"]).output();
        if unshared.is_ok_and(|output| output.status.success()) {
            Self::UserNamespace
        } else {
            Self::None
        }
    }
}

#[test]
fn it_names_no_interpreter_and_is_small() {
    const PT_INTERP: u32 = 3;
    let file = fs::read(binary()).unwrap();
    assert!(
        (file.len() as u64) < LARGEST,
        "{} bytes, at most {LARGEST}",
        file.len()
    );
    // The ELF-64 header: program headers begin at the 8 bytes at 32, 56 bytes each, as many as at 56.
    let number = |at: usize, size: usize| {
        file[at..at + size]
            .iter()
            .rev()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    assert_eq!(&file[..5], b"\x7fELF\x02");
    let first = usize::try_from(number(32, 8)).unwrap();
    let count = usize::try_from(number(56, 2)).unwrap();
    assert!(count > 0);
    for header in (0..count).map(|index| first + index * 56) {
        assert_ne!(
            number(header, 4),
            u64::from(PT_INTERP),
            "it is linked dynamically"
        );
    }
}

#[test]
fn it_runs_in_an_empty_root() {
    let output = Jail::new().snapback().arg("--version").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.starts_with("snapback "),
        "{output:?}"
    );
}

#[test]
fn it_takes_a_snapshot_and_goes_back_over_tls_by_host_name() {
    let pki = Pki::new();
    let tls = Tls {
        certificate: pki.server.certificate.clone(),
        key: pki.server.key.clone(),
        client_ca: None,
    };
    let hba = "local all postgres trust\nhostssl all all all scram-sha-256\n";
    let server = Options::new()
        .set("password_encryption", "scram-sha-256")
        .hba(hba)
        .tls(tls)
        .start();
    server.psql("CREATE ROLE ada SUPERUSER LOGIN PASSWORD 'engine'");
    let database = server.database();
    database.psql("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1), (2)");

    // The authority's certificate is the only other file: it is the user's, not the system's.
    let jail = Jail::new();
    fs::write(jail.0.path().join("ca.crt"), &pki.ca.certificate).unwrap();
    let url = format!(
        "postgresql://ada:engine@localhost:{}/{}?sslmode=verify-full&sslrootcert=ca.crt&channel_binding=require",
        server.port(),
        database.name()
    );
    let run = |arguments: &[&str]| {
        let output = jail
            .snapback()
            .env("DATABASE_URL", &url)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run(&["snapshot", "before"]);
    let dump = database.pg_dump(&["-s"]);
    database.psql(
        "ALTER TABLE t ADD COLUMN name text DEFAULT 'x'; CREATE VIEW v AS SELECT name FROM t",
    );
    assert_ne!(database.pg_dump(&["-s"]), dump);
    run(&["rollback", "before", "--yes", "--allow", "data-loss"]);
    assert_eq!(database.pg_dump(&["-s"]), dump);
    assert_eq!(database.psql("TABLE t"), "1\n2");
}
