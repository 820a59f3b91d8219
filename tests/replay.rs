//! Runs the fuzz targets with stable Rust: every input that ever broke one (`fuzz/artifacts`), and many that
//! are made here, the same ones each time.

use std::fs;
use std::path::Path;

#[path = "../fuzz/entry/canon.rs"]
mod canon;
#[path = "../fuzz/entry/check.rs"]
mod check;
#[path = "../fuzz/entry/conninfo.rs"]
mod conninfo;
#[path = "../fuzz/entry/frame.rs"]
mod frame;
#[path = "../fuzz/entry/manifest.rs"]
mod manifest;
#[path = "../fuzz/entry/pack.rs"]
mod pack;
#[path = "../fuzz/entry/session.rs"]
mod session;
#[path = "../fuzz/entry/split.rs"]
mod split;
#[path = "../fuzz/entry/tree.rs"]
mod tree;

#[test]
fn canon() {
    replay("canon", canon::run);
}

#[test]
fn manifest() {
    replay("manifest", manifest::run);
}

#[test]
fn pack() {
    replay("pack", pack::run);
}

#[test]
fn tree() {
    replay("tree", tree::run);
}

#[test]
fn check() {
    replay_scripts("check", 300, check::run);
}

#[test]
fn conninfo() {
    replay("conninfo", conninfo::run);
}

#[test]
fn frame() {
    replay("frame", frame::run);
}

#[test]
fn session() {
    replay("session", session::run);
}

#[test]
fn split() {
    replay_scripts("split", 5_000, split::run);
}

/// As [`replay`], with random scripts made of the tokens that mean something.
fn replay_scripts(target: &str, count: usize, run: fn(&[u8])) {
    const TOKENS: [&str; 40] = [
        ";",
        "; ",
        "\n",
        "\r\n",
        " ",
        "'",
        "''",
        "\"",
        "$$",
        "$a$",
        "E'",
        "U&'",
        "\\",
        "\\\\",
        "\\.\n",
        "(",
        ")",
        "/*",
        "*/",
        "--",
        ":v",
        ":'v'",
        ":\"w\"",
        "::",
        "\\;",
        "a",
        "é",
        "SELECT 1",
        "CREATE FUNCTION f() ",
        "BEGIN ATOMIC ",
        "CASE ",
        " END",
        "COPY t FROM stdin;\n",
        "1\n",
        "CREATE TABLE t (a int);",
        "\\if true\n",
        "\\endif\n",
        "\\set v x\n",
        "SET standard_conforming_strings = off;",
        "DROP TABLE t;",
    ];
    kept(target, run);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..count {
        let length = random.next() % 24;
        let tokens = (0..length)
            .map(|_| TOKENS[usize::try_from(random.next() % TOKENS.len() as u64).unwrap()]);
        run(tokens.collect::<String>().as_bytes());
    }
}

/// Runs the kept inputs of a target, then random ones.
fn replay(target: &str, run: fn(&[u8])) {
    kept(target, run);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        run(&random.input());
    }
}

/// What once broke it, and what it starts from (`fuzz/corpus`), the latter with a byte changed here and there too.
fn kept(target: &str, run: fn(&[u8])) {
    for (folder, mutations) in [("artifacts", 0), ("corpus", 200)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(folder)
            .join(target);
        for file in fs::read_dir(folder).into_iter().flatten() {
            let path = file.unwrap().path();
            eprintln!("{}", path.display());
            let input = fs::read(path).unwrap();
            run(&input);
            let mut random = Random(0x2545_f491_4f6c_dd1d);
            for _ in 0..mutations {
                let mut changed = input.clone();
                let place = random.next() % changed.len().max(1) as u64;
                if let Some(byte) = changed.get_mut(usize::try_from(place).unwrap()) {
                    *byte = random.next().to_le_bytes()[0];
                }
                run(&changed);
            }
        }
    }
}

/// A small generator (xorshift64): this wants the same numbers each time, not good ones.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Half of the bytes are ones that mean something to the targets: message tags, small numbers.
    fn input(&mut self) -> Vec<u8> {
        const LIKELY: &[u8] = b"\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08\x0912CDEGHIKNRSTVZcdnstv";
        let length = self.next() % 64;
        (0..length)
            .map(|_| {
                let [pick, byte, ..] = self.next().to_le_bytes();
                if pick < 128 {
                    LIKELY[usize::from(byte) % LIKELY.len()]
                } else {
                    byte
                }
            })
            .collect()
    }
}
